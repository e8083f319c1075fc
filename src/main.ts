/** Process entry: hands the arguments to the command line and its answer to the shell. */
import { runCli } from './cli/cli.ts'

process.exitCode = await runCli(process.argv.slice(2))
