import { expect, test } from 'vitest'
import { appCard, appsTable } from '../../src/cli/app-card.ts'
import type { AppFacts } from '../../src/config/app-facts.ts'
import type { ShippedApps } from '../../src/config/apps.ts'
import type { Company } from '../../src/model/location.ts'
import { appRow, appsIn, catalogueOf, noCompanies } from '../config/made-up-apps.ts'
import { expectScreen } from './screen.ts'

const company = (home: string, contested: string | null): Company => ({ name: 'The Group', home: home as Company['home'], contested })

const homes: Readonly<Record<string, Company>> = {
  shout: company('CN', 'A newspaper says that it is run from Singapore.'),
  whisper: company('US', null),
}

const made: ShippedApps = appsIn(
  catalogueOf(
    appRow('shout', {
      name: 'Shout',
      aliases: '[hu]',
      categories: '[messaging, calls]',
      operator: 'Shout Pte. Ltd. (SG); Shout Technology Limited (IE) in the EEA',
      domains: '.shout.test .shoutcdn.test',
      together_with: '[whisper]',
      shared: '.group.test',
      ranges: '{ from: https://shout.test/ranges, date: 2026-06-06, networks: 192.0.2.0/24 198.51.100.0/24 2001:db8::/32 }',
      ports: '{ udp: [3478, 8801-8810], tcp: [443] }',
      blocked_by_india_2020: 'true',
      note: 'Calls go from peer to peer where they can and through relays of others where they cannot.',
      sources: '[manual, "https://shout.test/terms"]',
    }),
    appRow('whisper', { name: 'Whisper', together_with: '[shout]', confidence: 'low', blocked_by_india_2020: 'false' }),
    appRow('mumble', { name: 'Mumble' }),
  ),
  { ...noCompanies, ofApp: (id) => homes[id] ?? null },
)

const facts = (id: string): AppFacts => {
  const found = made.find(id)
  if (found === null) throw new Error(`no ${id}`)
  return found
}

const plain = { width: 80, colour: false }
const endless = { width: Number.POSITIVE_INFINITY, colour: false }

test.each(['shout', 'whisper', 'mumble'])('the screen: the card of %s', (id) => {
  expectScreen(`app-card-${id}`, appCard(facts(id), plain))
})

test('the screen: the table, wide and narrow', () => {
  const apps = [...made.facts.values()]
  expectScreen('apps-made-up', `${appsTable(apps, endless)}\n${appsTable(apps, { width: 70, colour: false })}`)
})

test('ranges that this node fetched are told with when', () => {
  const one = facts('shout')
  if (one.ranges === null) throw new Error('no ranges')
  const fetched = { ...one, ranges: { ...one.ranges, date: '2026-11-25', fetched: '2026-11-25T10:07:33.120Z' } }
  expect(appCard(fetched, endless)).toContain('published at https://shout.test/ranges, fetched by this node on 2026-11-25 10:07 UTC\n')
})

test('no line is wider than the terminal, and nothing is lost; what a program reads is not folded', () => {
  const folded = appCard(facts('shout'), plain)
  for (const line of folded.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  const whole = appCard(facts('shout'), endless)
  expect(whole).toContain('ranges      192.0.2.0/24  198.51.100.0/24  2001:db8::/32\n')
  expect(folded.replace(/\s+/g, ' ')).toBe(whole.replace(/\s+/g, ' '))
})

test('on a terminal labels are dim and the name is bold', () => {
  const card = appCard(facts('shout'), { width: 80, colour: true })
  expect(card.startsWith('\u001b[1mShout\u001b[0m\n')).toBe(true)
  expect(card).toContain('\u001b[2mdomains     \u001b[0m.shout.test')
})

test('what a terminal would obey is escaped', () => {
  const harmful = { ...facts('mumble'), note: 'a\u001b[2Jb', operator: '\u202eevil' }
  const card = appCard(harmful, plain)
  expect(card).toContain('a\\u001b[2Jb')
  expect(card).not.toMatch(/[\u001b\u202e]/)
})
