import { homedir } from 'node:os'
import { expect, test } from 'vitest'
import { cacheFolder } from '../../src/config/cache-folder.ts'

test('a service has its CacheDirectory, a user the XDG folder, or the usual one', () => {
  expect(cacheFolder({ CACHE_DIRECTORY: '/var/cache/ringfence:/other', XDG_CACHE_HOME: '/xdg', HOME: '/home/a' })).toBe(
    '/var/cache/ringfence',
  )
  expect(cacheFolder({ XDG_CACHE_HOME: '/xdg', HOME: '/home/a' })).toBe('/xdg/ringfence')
  expect(cacheFolder({ XDG_CACHE_HOME: 'relative', HOME: '/home/a' })).toBe('/home/a/.cache/ringfence')
  expect(cacheFolder({ CACHE_DIRECTORY: '', HOME: '/home/a' })).toBe('/home/a/.cache/ringfence')
  expect(cacheFolder({ CACHE_DIRECTORY: 'relative', XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/ringfence')
  expect(cacheFolder({})).toBe(`${homedir()}/.cache/ringfence`)
})
