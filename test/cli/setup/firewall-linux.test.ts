/** That the rules do what they say, test/clients/firewall-linux.test.ts shows with a real proxy in a network namespace. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { firewallLinux } from '../../../src/cli/setup/firewall-linux.ts'
import { folderWith } from '../screen.ts'
import { away, expectGolden, here } from './made-up.ts'

test('the text, with the proxy here and elsewhere', () => expectGolden('firewall-linux', firewallLinux))

test('a name of a proxy elsewhere is refused: behind the rules nobody could look it up', () => {
  const parameters = { ...here, elsewhere: true, door: { ...here.door, host: 'proxy.example' } }
  expect(() => firewallLinux.text(parameters)).toThrow(/^--proxy-host: .*"proxy\.example" is a name/)
})

test('nft takes them, for IPv4 and IPv6', (context) => {
  const far = { ...away, door: { ...away.door, host: '2001:db8::1' } }
  for (const parameters of [{ ...here, user: '0', dnsUser: '65534' }, away, far]) {
    const file = path.join(folderWith({ 'ringfence.nft': firewallLinux.text(parameters) }), 'ringfence.nft')
    try {
      execFileSync('unshare', ['--net', 'nft', 'list', 'ruleset'], { stdio: 'ignore' })
    } catch {
      return context.skip('there is no nft, or no right to use it')
    }
    expect(execFileSync('unshare', ['--net', 'nft', '-c', '-f', file], { encoding: 'utf8' })).toBe('')
  }
})
