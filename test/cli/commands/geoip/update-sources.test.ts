import { expect, test } from 'vitest'
import { updateCommand } from '../../../../src/cli/commands/geoip/update.ts'
import { node } from './node.ts'

// What it does on a network, test/clients/geoip-update.test.ts shows; here, what it says without one.

test('a key that is missing is named with the ways to give it, and the next source is tried all the same', async () => {
  const one = node()
  one.replace(
    'ringfence.yaml',
    `
policy: policy.yaml
geoip:
  folder: geoip
  sources:
    - { type: mmdb, path: one.mmdb, role: voter, name: One }
    - { type: mmdb, vendor: GeoLite2-Country, role: voter }
    - { type: mmdb, vendor: ipinfo-lite, role: witness, key: { file: no-such-key } }
resolver: { servers: ["udp://127.0.0.1:9"] }
records: { folder: flows }
`,
  )
  const { shown, code } = await one.run(updateCommand, '--no-apps')
  expect(code).toBe(1)
  const [maxmind, ipinfo] = shown.split('\n')
  expect(maxmind).toBe(
    'GeoLite2-Country: not updated: MaxMind GeoLite2 wants an account number: say "account:" at the source, or set MAXMIND_ACCOUNT_ID; to be had at https://www.maxmind.com/en/geolite2/signup',
  )
  expect(ipinfo).toMatch(/^ipinfo-lite: not updated: .*no-such-key: there is no such file$/)
})
