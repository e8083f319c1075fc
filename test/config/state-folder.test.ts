import { existsSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { stateFolder } from '../../src/config/state-folder.ts'

test('as a systemd service it is the StateDirectory, the first of several', () => {
  expect(stateFolder({ STATE_DIRECTORY: '/var/lib/ringfence', XDG_STATE_HOME: '/xdg', HOME: '/home/a' })).toBe('/var/lib/ringfence')
  expect(stateFolder({ STATE_DIRECTORY: '/var/lib/a:/var/lib/b' })).toBe('/var/lib/a')
})

test('else it is "ringfence" in the XDG state folder, which must be absolute to count', (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no XDG folders')
  vi.spyOn(process, 'getuid').mockReturnValue(1000)
  expect(stateFolder({ XDG_STATE_HOME: '/xdg', HOME: '/home/a' })).toBe('/xdg/ringfence')
  expect(stateFolder({ XDG_STATE_HOME: 'relative', HOME: '/home/a' })).toBe('/home/a/.local/state/ringfence')
  expect(stateFolder({ STATE_DIRECTORY: '', XDG_STATE_HOME: '', HOME: '/home/a' })).toBe('/home/a/.local/state/ringfence')
})

test('root sees the service’s folder where there is one', (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no root')
  vi.spyOn(process, 'getuid').mockReturnValue(0)
  const expected = existsSync('/var/lib/ringfence') ? '/var/lib/ringfence' : '/root/.local/state/ringfence'
  expect(stateFolder({ HOME: '/root' })).toBe(expected)
})
