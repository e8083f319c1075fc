import { expect, test } from 'vitest'
import { docker } from '../../../src/cli/setup/docker.ts'
import { away, expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('docker', docker)
  expectToSayNotTried(docker)
})

test('it is JSON; a proxy on loopback is told to be out of a container’s reach', () => {
  expect(JSON.parse(docker.text(away)).proxies.default.httpProxy).toBe('http://USER:PASSWORD@192.0.2.10:3128')
  const notes = (parameters: typeof here) => docker.notes?.(parameters).join('\n')
  expect(notes(here)).toContain('In a container 127.0.0.1 is the container itself')
  expect(notes(away)).not.toContain('is the container itself')
})
