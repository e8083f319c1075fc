import { expect, test } from 'vitest'
import { firewallWindows } from '../../../src/cli/setup/firewall-windows.ts'
import { expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('firewall-windows', firewallWindows)
  expectToSayNotTried(firewallWindows)
})

test('a path of Windows is taken, with its quotes doubled', () => {
  const text = firewallWindows.text({ ...here, dnsUser: 'any', program: ["C:\\it's\\node.exe", 'main.js'] })
  expect(text).toContain("-Program 'C:\\it''s\\node.exe' -LocalUser")
  expect(text).toContain('-Service Dnscache')
})
