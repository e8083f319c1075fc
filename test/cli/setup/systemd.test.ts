import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { systemd } from '../../../src/cli/setup/systemd.ts'
import { folderWith } from '../screen.ts'
import { expectGolden, here } from './made-up.ts'

vi.setConfig({ testTimeout: 30_000 })

test('the text', () => expectGolden('systemd', systemd))

test('paths with blanks and signs of systemd’s own are quoted, a home stays readable, a low port gets its right', () => {
  const text = systemd.text({
    ...here,
    ports: [8080, 80],
    program: ['/usr/bin/node', '/home/ana/ring fence/main.js'],
    config: '/etc/100%/$x.yaml',
  })
  expect(text).toContain('ExecStart=/usr/bin/node "/home/ana/ring fence/main.js" run --config /etc/100%%/$$x.yaml\n')
  expect(text).toContain('ProtectHome=read-only\n')
  expect(text).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE\n')
})

test('systemd finds no fault with it', (context) => {
  try {
    execFileSync('systemd-analyze', ['--version'])
  } catch {
    return context.skip('there is no systemd-analyze')
  }
  const text = systemd.text({ ...here, user: os.userInfo().username, program: [process.execPath, import.meta.filename] })
  const file = path.join(folderWith({ 'ringfence.service': text }), 'ringfence.service')
  const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  // Units of the machine that others wrote may have faults.
  expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('ringfence'))).toEqual([])
  if (!fs.existsSync('/run/systemd/system')) return
  expect(status).toBe(0)
})
