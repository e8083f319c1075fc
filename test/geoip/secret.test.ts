import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { readSecret } from '../../src/geoip/secret.ts'
import { OperatorError } from '../../src/model/errors.ts'

let file = ''

beforeEach(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'secret-'))
  file = path.join(folder, 'key')
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

async function fileOf(text: string, mode = 0o600) {
  await writeFile(file, text)
  await chmod(file, mode)
}

const whyNot = async (attempt: Promise<string>): Promise<string> => {
  const thrown = await attempt.catch((error: unknown) => error)
  if (!(thrown instanceof OperatorError)) throw new Error('wanted an OperatorError', { cause: thrown })
  expect(thrown.message).not.toContain('hush')
  return thrown.message
}

test('a key is read from a private file, without the line end of the editor', async () => {
  await fileOf('hush-123\n')
  expect(await readSecret({ file }, {})).toBe('hush-123')
  for (const mode of [0o400, 0o640]) {
    await fileOf('hush-123', mode)
    expect(await readSecret({ file }, {})).toBe('hush-123')
  }
})

test('a key is read from a variable', async () => {
  expect(await readSecret({ env: 'A_KEY' }, { A_KEY: ' hush ' })).toBe('hush')
})

test.each([
  [0o644, 'read'],
  [0o604, 'read'],
  [0o666, 'read'],
  [0o602, 'change'],
])('a file of mode %o is refused, with what to do', async (mode, may) => {
  await fileOf('hush', mode)
  expect(await whyNot(readSecret({ file }, {}))).toBe(
    `${file}: every user of this machine can ${may} the secret in it (mode 0${mode.toString(8)}); run: chmod 600 ${file}`,
  )
})

test('what holds no key is refused', async () => {
  expect(await whyNot(readSecret({ file }, {}))).toBe(`${file}: there is no such file`)
  expect(await whyNot(readSecret({ file: path.dirname(file) }, {}))).toBe(`${path.dirname(file)}: it is no file`)
  await fileOf(' \n')
  expect(await whyNot(readSecret({ file }, {}))).toBe(`${file}: it is empty`)
  await fileOf('hush\nhush')
  expect(await whyNot(readSecret({ file }, {}))).toContain('more than a key')
  await fileOf('hush'.repeat(2_000))
  expect(await whyNot(readSecret({ file }, {}))).toContain('too large')
  expect(await whyNot(readSecret({ env: 'A_KEY' }, {}))).toBe('the environment variable A_KEY is not set')
  expect(await whyNot(readSecret({ env: 'A_KEY' }, { A_KEY: '' }))).toBe('the environment variable A_KEY: it is empty')
  expect(await whyNot(readSecret({ env: 'A_KEY' }, { A_KEY: 'hush\u00e9' }))).toContain('letters beyond ASCII')
})
