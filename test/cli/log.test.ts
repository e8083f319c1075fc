import os from 'node:os'
import { PassThrough, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { createLog } from '../../src/cli/log.ts'
import { OperatorError } from '../../src/model/errors.ts'

/** A stream that keeps what is written to it. */
function kept(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY })
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text }
}

test('without a terminal each line is one JSON object: level, time, fields, message', async () => {
  const { stream, text } = kept(false)
  createLog(stream, {}).warn({ flow: 'a-1', verdict: 'block' }, 'Blocked: "quoted"\nand split.')
  await expect.poll(text).toMatch(/\n$/)
  expect(text().match(/\n/g)).toHaveLength(1)
  expect(JSON.parse(text())).toEqual({
    level: 40,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    flow: 'a-1',
    verdict: 'block',
    msg: 'Blocked: "quoted"\nand split.',
  })
})

test('on a terminal a flow is one line for people: the time, the level, the sentence', async () => {
  const { stream, text } = kept(true)
  const log = createLog(stream, {})
  log.info({ flow: 'a-1', verdict: 'allow', would: 'allow' }, 'Allowed: zoom.us.')
  log.info({ flow: 'a-1', code: 'dial.refused' }, 'Ended: refused')
  await expect.poll(text).toContain('Ended')
  expect(stripVTControlCharacters(text())).toMatch(
    /^\[\d\d:\d\d:\d\d\] INFO: Allowed: zoom\.us\.\n\[\d\d:\d\d:\d\d\] INFO: Ended: refused\n$/,
  )
})

test('RINGFENCE_LOG sets the level', async () => {
  const { stream, text } = kept(false)
  const log = createLog(stream, { RINGFENCE_LOG: 'warn' })
  log.info('quiet')
  log.warn('loud')
  await expect.poll(text).toContain('loud')
  expect(text()).not.toContain('quiet')
  expect(createLog(kept(false).stream, { RINGFENCE_LOG: '' }).level).toBe('info')
})

test('a level that there is not is the operator’s to mend', () => {
  const create = (level: string) => () => createLog(kept(false).stream, { RINGFENCE_LOG: level })
  expect(create('debg')).toThrow(OperatorError)
  expect(create('debg')).toThrow(
    'RINGFENCE_LOG: "debg" is not one of trace, debug, info, warn, error, fatal, silent, did you mean "debug"?',
  )
})

test.each([
  ['EPIPE', []],
  ['EOF', []],
  ['ENOSPC', ['ringfence: the log could not be written: no space left on device; it is silent from now on, the proxy goes on']],
])('%s silences the log, never the proxy, and is told once', (code, told) => {
  const errno = code === 'EOF' ? undefined : -os.constants.errno[code as 'EPIPE' | 'ENOSPC']
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
  const notes: string[] = []
  const log = createLog(stream as unknown as NodeJS.WriteStream, {}, (line) => notes.push(line))
  const fail = () => stream.emit('error', Object.assign(new Error(code), { code, errno }))
  fail()
  fail()
  expect(log.level).toBe('silent')
  expect(notes).toEqual(told)
})

test('a terminal that fails is no end either', async () => {
  const notes: string[] = []
  const failing = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EIO'), { code: 'EIO', errno: -5 })),
  })
  const log = createLog(Object.assign(failing, { isTTY: true }) as unknown as NodeJS.WriteStream, {}, (line) => notes.push(line))
  log.info('one')
  await expect.poll(() => notes).toHaveLength(1)
  log.info('two')
  expect(log.level).toBe('silent')
})
