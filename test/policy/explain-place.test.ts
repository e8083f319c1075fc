import { expect, test } from 'vitest'
import type { KnownApp } from '../../src/model/app.ts'
import type { Location } from '../../src/model/location.ts'
import { placeClause } from '../../src/policy/explain-place.ts'
import { country, placed } from './words.ts'

const china = country('CN')
const contested = 'the firm says otherwise'
const firm = (doubt: string | null) => ({ name: 'Alibaba', home: china, contested: doubt })
const app = (id: string, company: KnownApp['app']['company']): KnownApp => ({
  app: { id, name: id, categories: [], company },
  origin: 'asked',
  name: null,
  provedAt: 'everywhere',
})

const say = (axis: Parameters<typeof placeClause>[0], change: Partial<Location> = {}, apps: readonly KnownApp[] = []) =>
  placeClause(axis, { ...placed('52.81.151.250', { A: 'CN', B: 'CN' }), ...change }, apps, 'violated', 'which')

test('each axis has words of its own', () => {
  expect(say('server')).toBe('which both sources place in China (CN)')
  expect(say('registry', { registry: china })).toBe('whose block is registered in China (CN)')
  expect(say('registry')).toBe('whose block no registry places')
  const network = { asn: 45_102, name: 'ALIBABA-CN-NET', company: firm(null) }
  expect(say('network', { network })).toBe('whose network, Alibaba (AS45102), has its home in China (CN)')
  expect(say('network', { network: { ...network, company: firm(contested) } })).toBe(
    'whose network, Alibaba (AS45102), has its home in China (CN) (contested)',
  )
  expect(say('network', { network: { ...network, company: null } })).toBe(
    'whose network, ALIBABA-CN-NET (AS45102), has no home in the list of companies',
  )
  expect(say('network')).toBe('whose network is not known')
  expect(say('company', {}, [app('TikTok', { name: 'ByteDance', home: china, contested: null })])).toBe(
    'which belongs to TikTok of ByteDance, whose home is China (CN)',
  )
  expect(say('company', {}, [app('one', null), app('two', firm(null))])).toBe(
    'which belongs to one, whose home is not listed, or two of Alibaba, whose home is China (CN)',
  )
  expect(say('company')).toBe('which belongs to no app that is known')
})

test('without data nothing is said of a place, but of an app', () => {
  for (const axis of ['server', 'registry', 'network'] as const)
    expect(say(axis, { located: false })).toBe('which could not be placed, since no location data is loaded')
  expect(say('company', { located: false })).toBe('which belongs to no app that is known')
})
