import { expect, test } from 'vitest'
import { LoginCache } from '../../src/config/login-cache.ts'
import type { Identity } from '../../src/model/identity.ts'

const who = (name: string): Identity => ({ name, groups: [], by: 'password' })

test('a login is found by its digest', () => {
  const cache = new LoginCache()
  cache.set('digest', who('anna'))
  expect(cache.get('digest')).toEqual(who('anna'))
  expect(cache.get('other')).toBeUndefined()
})

test('of too many, the one that was not used for longest goes', () => {
  const cache = new LoginCache(2)
  cache.set('a', who('a'))
  cache.set('b', who('b'))
  cache.get('a')
  cache.set('c', who('c'))
  expect(['a', 'b', 'c'].map((digest) => cache.get(digest)?.name)).toEqual(['a', undefined, 'c'])
})
