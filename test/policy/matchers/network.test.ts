import { expect, test } from 'vitest'
import { facts } from '../words.ts'
import { compiled } from './words.ts'

test('a flow is of one transport', () => {
  const matcher = compiled('network', 'udp', 'other')
  const match = (network: 'tcp' | 'udp' | 'other') => matcher.applies(facts({ network }))
  expect([match('tcp'), match('udp'), match('other')]).toEqual(['no', 'yes', 'yes'])
  expect(matcher.document).toEqual(['udp', 'other'])
})
