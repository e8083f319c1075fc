import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { shell, variables } from '../../../src/cli/setup/shell.ts'
import { openProxy } from '../../support/proxy-under-test.ts'
import { away, expectGolden, here } from './made-up.ts'

const windows = process.platform === 'win32'

test('the text', () => expectGolden('shell', shell))

test.skipIf(windows)('a shell takes it, and has each variable in both spellings', () => {
  for (const parameters of [here, away]) {
    execFileSync('sh', ['-n'], { input: shell.text(parameters) })
    const env = execFileSync('sh', ['-c', `${shell.text(parameters)}env`], { encoding: 'utf8' }).split('\n')
    for (const [name, value] of variables(parameters)) {
      expect(env).toContain(`${name}=${value}`)
      expect(env).toContain(`${name.toLowerCase()}=${value}`)
    }
  }
})

test.skipIf(windows)('curl then goes through the door, whatever it asks for, and not for this machine itself', async (context) => {
  const curl = await promisify(execFile)('curl', ['--version']).catch(() => null)
  if (curl === null) return context.skip('there is no curl')
  const proxy = await openProxy({ names: { 'origin.test': ['10.0.0.9'] }, routes: { '10.0.0.9': 'refuses' } })
  const text = shell.text({ ...here, door: { ...here.door, at: `127.0.0.1:${proxy.port}`, port: proxy.port } })
  const ask = async (url: string) =>
    await promisify(execFile)('sh', ['-c', `${text}curl -sS --max-time 5 -o /dev/null "${url}" || true`], {
      env: { PATH: process.env.PATH },
    })
  for (const url of ['http://origin.test/', 'https://origin.test/', 'ftp://origin.test/']) await ask(url)
  expect(proxy.offers.map(({ flow }) => flow.asked.port)).toEqual([80, 443, 21])
  await ask('http://127.0.0.1:9/')
  expect(proxy.offers).toHaveLength(3)
})
