import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { npm } from '../../../src/cli/setup/npm.ts'
import { folderWith } from '../screen.ts'
import { expectGolden, here } from './made-up.ts'

vi.setConfig({ testTimeout: 30_000 })

test('the text', () => expectGolden('npm', npm))

test.skipIf(process.platform === 'win32')('npm reads its proxies from it', () => {
  const folder = folderWith({ '.npmrc': npm.text(here) })
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|_proxy$/i.test(name)))
  const args = ['config', 'list', '--json', '--userconfig', path.join(folder, '.npmrc')]
  const config = JSON.parse(execFileSync('npm', args, { cwd: folder, env, encoding: 'utf8' }))
  expect(config).toMatchObject({ 'https-proxy': 'http://127.0.0.1:8080', proxy: 'http://127.0.0.1:8080' })
  // npm splits it itself, where it asks for something.
  expect(String(config.noproxy)).toBe('localhost,127.0.0.1,::1')
})
