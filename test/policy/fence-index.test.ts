import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFenceIndex } from '../../src/policy/fence-index.ts'
import { applies } from '../../src/policy/selection.ts'
import { anyPolicy, completeFacts, madeUpApps, onTheWay, withApps } from './made-up.ts'
import { asked, facts, ip, placed, policy } from './words.ts'

const manyFences = fc.array(anyPolicy, { minLength: 1, maxLength: 6 }).map((policies) => policies.flatMap(({ fences }) => fences))

test('law: what is left out does not apply, and the others stand in the order of the policy', () =>
  fc.assert(
    fc.property(
      manyFences,
      completeFacts.chain((complete) => fc.oneof(fc.constant(complete), onTheWay(complete))),
      (fences, known) => {
        const may = createFenceIndex(fences).mayApply(known)
        expect(may).toEqual(fences.filter((fence) => may.includes(fence)))
        const leftOut = fences.filter((fence) => !may.includes(fence))
        for (const { traffic } of leftOut) expect(applies(traffic, known)).toBe('no')
      },
    ),
    { numRuns: 500, interruptAfterTimeLimit: 2_000 },
  ))

const fence = (name: string, traffic: object) => ({ name, traffic, never: 'anywhere' })

const { fences } = policy(
  {
    fences: [
      fence('zoom', { host: ['.zoom.us', 'zoom.com'], port: 443 }),
      fence('web', { port: 443 }),
      fence('meet', { host: '*.zoom.us' }),
      fence('net', { cidr: ['52.80.0.0/15', '2001:67c::/32'] }),
      fence('office', { client: '10.0.0.0/8' }),
      fence('chat', { app: 'tiktok' }),
      fence('videos', { category: 'video' }),
      fence('ana', { user: 'ana' }),
      fence('legal', { group: ['legal', 'research'] }),
      fence('door', { inbound: 'office' }),
      fence('not', { not: { host: 'zoom.us' } }),
    ],
  },
  { apps: madeUpApps },
)
const index = createFenceIndex(fences)
const names = (change: Parameters<typeof facts>[0]) => index.mayApply(withApps(facts(change))).map(({ name }) => name)
const elsewhere = { location: placed('192.88.99.1') }

test('a fence is found by what its traffic names; one that names nothing to be filed by is always there', () => {
  expect(names(elsewhere)).toEqual(['web', 'not'])
  expect(names({ ...elsewhere, names: [asked('web.zoom.us')] })).toEqual(['zoom', 'web', 'meet', 'not'])
  expect(names({ ...elsewhere, names: [asked('zoom.com'), asked('a.zoom.us')] })).toEqual(['zoom', 'web', 'meet', 'not'])
  expect(names({ location: placed('52.81.0.1') })).toEqual(['web', 'net', 'not'])
  expect(names({ ...elsewhere, client: ip('10.1.2.3') })).toEqual(['web', 'office', 'not'])
  expect(names({ ...elsewhere, names: [asked('tiktok.com')] })).toEqual(['web', 'chat', 'videos', 'not'])
  expect(names({ ...elsewhere, who: { name: 'ana', groups: ['research', 'legal'], by: 'password' } })).toEqual([
    'web',
    'ana',
    'legal',
    'not',
  ])
  expect(names({ ...elsewhere, inbound: 'office' })).toEqual(['web', 'door', 'not'])
})

test('while a name or the address may still come, fences that wait for it are there too', () => {
  const byName = ['zoom', 'web', 'meet', 'chat', 'videos', 'not']
  expect(names({ ...elsewhere, namesFinal: false })).toEqual(byName)
  expect(names({ ...elsewhere, anyName: true })).toEqual(byName)
  expect(names({ location: undefined })).toEqual(['web', 'net', 'chat', 'videos', 'not'])
  expect(names({ location: undefined, namesFinal: false })).toEqual(['zoom', 'web', 'meet', 'net', 'chat', 'videos', 'not'])
})
