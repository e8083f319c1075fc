import { execFile } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { version } from '../../src/version.ts'
import { decided, segmentText } from '../records/made-up.ts'
import { expectScreen, folderWith, world } from './screen.ts'
import { ringfence } from './spawned.ts'

// A start may have to build first.
vi.setConfig({ testTimeout: 60_000 })

/** Starts it in a folder with settings, a policy, and what else is given. */
const started = (args: readonly string[], files: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}) =>
  ringfence(args, { cwd: folderWith({ ...world, ...files }), env })

test.each([['--version'], ['-V']])('%s prints the version alone', async (flag) => {
  expect(await started([flag])).toEqual({ code: 0, out: `${version}\n`, err: '' })
})

test.each([
  ['help', ['--help']],
  ['help-run', ['run', '--help']],
  ['help-check', ['check', '--help']],
  ['help-locate', ['help', 'locate']],
  ['help-flows', ['flows', '--help']],
])('the screen: %s', async (name, args) => {
  // Where no shell finds `ringfence`.
  const { code, out, err } = await started(args, {}, { PATH: '/nowhere' })
  expectScreen(name, out)
  expect({ code, err }).toEqual({ code: 0, err: '' })
})

test('the help names what works without a command, and the exit codes', async () => {
  const { out } = await started(['--help'])
  for (const word of ['--policy', '--listen', '--mode', '--config', 'Exit codes: 0 ']) expect(out).toContain(word)
})

const faults: readonly (readonly [args: readonly string[], line: string | RegExp])[] = [
  [['chek'], 'ringfence: unknown command "chek", did you mean "check"?'],
  [['chek', 'zoom.us', '--json'], 'ringfence: unknown command "chek", did you mean "check"?'],
  [['help', 'locat'], 'ringfence: unknown command "locat", did you mean "locate"?'],
  [['frobnicate'], /^ringfence: unknown command "frobnicate" \(commands: run, check, locate, flows/],
  [['--polcy', 'no-cn'], "ringfence: unknown option '--polcy', did you mean --policy?"],
  [['check', '8.8.8.8', '--jsn'], "ringfence: unknown option '--jsn', did you mean --json?"],
  [['--frobnicate'], "ringfence: unknown option '--frobnicate'"],
  [['--policy'], "ringfence: option '--policy <name>' argument missing"],
  [['--mode', 'block'], "ringfence: option '--mode <mode>' argument 'block' is invalid. Allowed choices are observe, enforce."],
  [
    ['--policy', 'no-cn', 'check', '8.8.8.8'],
    'ringfence: "check" is out of place: a command stands before its options, and run takes no argument',
  ],
  [['run', 'no-cn'], 'ringfence: "no-cn" is out of place: a command stands before its options, and run takes no argument'],
  [['check'], "ringfence: missing required argument 'host[:port]'"],
  [['check', 'zoom.us', '8.8.8.8'], "ringfence: too many arguments for 'check'. Expected 1 argument but got 2."],
  [['--policy', 'nocn'], /^ringfence: there is no policy pack "nocn", did you mean "no-cn"\? \(packs: /],
  [['--policy', './nope.yaml'], /^ringfence: .*nope\.yaml: there is no such file$/],
  [['--config', 'nope.yaml'], 'ringfence: nope.yaml: there is no such file'],
  [['--config', 'bad.yaml'], 'bad.yaml:1:1: "polcy" is not a word of this file, did you mean "policy"?'],
  [['--listen', '0.0.0.0:8080'], /^ringfence: --listen: a door on 0\.0\.0\.0 can be reached from other machines: /],
  [['--listen', 'localhost'], /^ringfence: --listen: "localhost" is not an address and a port /],
]

test.each(faults)('%j is told in one line, exit code 2', async (args, line) => {
  const { code, out, err } = await started(args, { 'bad.yaml': 'polcy: no-cn\n' })
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(/^[^\n]+\n$/)
  if (typeof line === 'string') expect(err).toBe(`${line}\n`)
  else expect(err.trimEnd()).toMatch(line)
})

test('a port that is taken, in one line', async () => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as net.AddressInfo
  expect(await started(['--listen', `127.0.0.1:${port}`])).toEqual({
    code: 2,
    out: '',
    err: `ringfence: cannot listen on 127.0.0.1:${port}: another program listens there; stop it or choose another port with --listen\n`,
  })
})

test('settings and records that may not be read or written, in one line', async (context) => {
  if (process.platform === 'win32') return context.skip('Windows knows no modes')
  const cwd = folderWith({ ...world, 'secret.yaml': 'version: 1\n' })
  fs.chmodSync(cwd, 0o555)
  fs.chmodSync(path.join(cwd, 'secret.yaml'), 0)
  onTestFinished(() => fs.chmodSync(cwd, 0o755))
  // Root may read and write everywhere: it starts the program as nobody.
  const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {}
  const readable = await ringfence(['--version'], { cwd, ...uid })
  if (readable.code !== 0) return context.skip(`another user may not read this clone: ${readable.err}`)
  const secret = await ringfence(['--config', 'secret.yaml'], { cwd, ...uid })
  expect(secret).toEqual({ code: 2, out: '', err: 'ringfence: secret.yaml: it may not be read\n' })
  const flows = await ringfence(['--listen', '127.0.0.1:0'], { cwd, ...uid })
  expect(flows).toMatchObject({ code: 2, out: '' })
  expect(flows.err).toMatch(/^ringfence: can't make the records folder .*flows: EACCES[^\n]*\n$/)
})

test('"no" is an answer: exit code 1, and nothing on stderr', async () => {
  const { code, out, err } = await started(['check', '52.81.151.250', '--policy', 'no-cn'])
  expect({ code, err }).toEqual({ code: 1, err: '' })
  expect(out).toMatch(/^Blocked: /)
})

test('a level of RINGFENCE_LOG that there is not, in one line', async () => {
  expect(await started(['--listen', '127.0.0.1:0'], {}, { RINGFENCE_LOG: 'loud' })).toEqual({
    code: 2,
    out: '',
    err: 'ringfence: RINGFENCE_LOG: "loud" is not one of trace, debug, info, warn, error, fatal, silent\n',
  })
})

test('a reader that goes away (| head) is no error', async (context) => {
  if (process.platform === 'win32') return context.skip('there is no head')
  const cwd = folderWith({ ...world, 'many.txt': '8.8.8.8\n'.repeat(50_000) })
  const start = path.join(import.meta.dirname, '..', '..', 'src', 'start.mjs')
  const line = `"${process.execPath}" "${start}" locate - --format csv < many.txt | head -n 2`
  const { stdout, stderr } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', line], { cwd })
  expect(stdout).toBe(
    'address,country,possible,certainty,registry,stated,One,Two,asn,network,home\r\n8.8.8.8,US,US,agreed,-,-,US,US,-,-,-\r\n',
  )
  expect(stderr).toBe('')
})

test
  .skipIf(!fs.existsSync('/dev/full'))
  .each([
    '--help',
    'check --help',
    '--version',
    'check 8.8.8.8',
    'check 52.81.151.250 --policy no-cn --json',
    'locate 8.8.8.8 --format table',
    'locate - --format csv',
    'flows --json',
    'flows --follow --json --since 1h',
  ])('ringfence %s >/dev/full is one line, exit code 2', async (args) => {
  const cwd = folderWith({ ...world, 'many.txt': '8.8.8.8\n'.repeat(50_000) })
  fs.mkdirSync(path.join(cwd, 'flows'))
  fs.writeFileSync(path.join(cwd, 'flows', '000001.ndjson'), segmentText([decided('a')], 1, Date.now()))
  const start = path.join(import.meta.dirname, '..', '..', 'src', 'start.mjs')
  const line = `"${process.execPath}" "${start}" ${args} < many.txt > /dev/full`
  const failure = await promisify(execFile)('bash', ['-c', line], { cwd }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 2, stderr: 'ringfence: the output could not be written: no space left on device\n' })
})
