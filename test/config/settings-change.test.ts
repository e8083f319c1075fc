import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { settingsChange } from '../../src/config/settings-change.ts'
import { folderWith } from '../cli/screen.ts'

const text = `
policy: no-cn
users: users.yaml
inbounds: [{ type: mixed, listen: "0.0.0.0:8080", clients: [10.0.0.0/8, { network: 192.168.0.0/16, groups: [office] }] }]
resolver: { servers: [system, "https://192.0.2.1/dns-query"] }
upstream: [{ type: socks5, server: "192.0.2.1:1080" }]
denied_ports: [25]
`

function started() {
  const config = `${folderWith({ 'ringfence.yaml': text })}/ringfence.yaml`
  const settings = loadSettings({ config, policy: 'observe' })
  return { config, look: () => settingsChange(settings, { config, policy: 'observe' }) }
}

test('settings that say the same are no change, whenever they were written', () => {
  const { config, look } = started()
  expect(look()).toBeNull()
  writeFileSync(config, `# a remark\n${text}`)
  utimesSync(config, 1, 1)
  expect(look()).toBeNull()
})

test('another value asks for a restart, and is a change no more once it is taken back', () => {
  const { config, look } = started()
  writeFileSync(config, text.replace('[25]', '[25, 465]'))
  expect(look()).toBe('settings have changed since start: restart to apply them')
  writeFileSync(config, text)
  expect(look()).toBeNull()
})

test('settings that no start would take are told with their fault', () => {
  const { config, look } = started()
  writeFileSync(config, 'denied_port: [25]\n')
  expect(look()).toMatch(
    /^settings have changed since start, and no restart would take them: .*ringfence\.yaml:1:1: "denied_port" is not a word/,
  )
  rmSync(config)
  expect(look()).toMatch(/: there is no such file$/)
})
