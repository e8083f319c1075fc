import { expect, test } from 'vitest'
import { firewallMacos } from '../../../src/cli/setup/firewall-macos.ts'
import { expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('firewall-macos', firewallMacos)
  expectToSayNotTried(firewallMacos)
})

test('what ends it blocks, and whoever asks for names may do that alone', () => {
  const rules = firewallMacos
    .text({ ...here, dnsUser: '_mdnsresponder' })
    .split('\n')
    .filter((line) => /^(pass|block)/.test(line))
  expect(rules.at(-1)).toBe('block return out quick all')
  expect(rules).toContain('pass out quick proto { tcp, udp } from any to any port { 53, 853 } user _mdnsresponder keep state')
})
