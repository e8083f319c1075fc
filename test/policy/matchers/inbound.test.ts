import { expect, test } from 'vitest'
import { facts } from '../words.ts'
import { compiled } from './words.ts'

test('a door is known by its exact name', () => {
  const matcher = compiled('inbound', 'office', 'lab')
  const match = (inbound: string) => matcher.proved(facts({ inbound }))
  expect([match('office'), match('lab'), match('Office'), match('mixed')]).toEqual(['yes', 'yes', 'no', 'no'])
})
