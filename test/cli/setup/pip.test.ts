import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { pip } from '../../../src/cli/setup/pip.ts'
import { folderWith } from '../screen.ts'
import { expectGolden, here } from './made-up.ts'

vi.setConfig({ testTimeout: 30_000 })

test('the text', () => expectGolden('pip', pip))

test('pip reads the proxy from it', (context) => {
  const home = folderWith({})
  fs.mkdirSync(path.join(home, '.config', 'pip'), { recursive: true })
  fs.writeFileSync(path.join(home, '.config', 'pip', 'pip.conf'), pip.text(here))
  const own = Object.entries(process.env).filter(([name]) => !/^(PIP_|XDG_CONFIG_)/.test(name))
  const env = { ...Object.fromEntries(own), HOME: home }
  const run = (...args: string[]) =>
    execFileSync('python3', ['-m', 'pip', ...args], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    run('--version')
  } catch {
    return context.skip('there is no pip')
  }
  expect(run('config', 'get', 'global.proxy')).toBe('http://127.0.0.1:8080\n')
})
