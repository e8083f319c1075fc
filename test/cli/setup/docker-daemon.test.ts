import { expect, test } from 'vitest'
import { dockerDaemon } from '../../../src/cli/setup/docker-daemon.ts'
import { expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('docker-daemon', dockerDaemon)
  expectToSayNotTried(dockerDaemon)
})

test('a percent sign is no specifier of systemd', () => {
  expect(dockerDaemon.text({ ...here, door: { ...here.door, at: '[fe80::1%eth0]:8080' } })).toContain(
    'HTTP_PROXY=http://[fe80::1%%eth0]:8080"',
  )
})
