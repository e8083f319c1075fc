/** The program's log: pretty on a terminal, JSON lines otherwise. */
import { type Logger, levels, pino } from 'pino'
import pretty from 'pino-pretty'
import { OperatorError } from '../model/errors.ts'
import { didYouMean } from '../model/suggest.ts'
import { isReaderGone, whyUnwritten } from './output.ts'

/** What a terminal shows of a line is its sentence; the fields are for programs. */
const fieldsForPrograms = 'pid,hostname,flow,verdict,would,inbound,address,port,code,signal'

/**
 * A log to a stream. Where that can't be written any more, the log falls silent and the proxy goes on: flows are
 * recorded in the journal. `note` is told why, in one line, but where its reader went away (`| head`).
 */
export function createLog(
  stream: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv = process.env,
  note: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Logger {
  const level = levelOf(env.RINGFENCE_LOG)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (log.level === 'silent') return
    log.level = 'silent'
    if (!isReaderGone(error))
      note(`ringfence: the log could not be written: ${whyUnwritten(error)}; it is silent from now on, the proxy goes on`)
  })
  const log = stream.isTTY
    ? pino({ level }, pretty({ destination: stream, ignore: fieldsForPrograms, translateTime: 'SYS:HH:MM:ss' }))
    : pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  return log
}

const known = [...Object.values(levels.labels), 'silent']

function levelOf(wanted: string | undefined): string {
  if (wanted === undefined || wanted === '') return 'info'
  if (known.includes(wanted)) return wanted
  throw new OperatorError(`RINGFENCE_LOG: "${wanted}" is not one of ${known.join(', ')}${didYouMean(wanted, known)}`)
}
