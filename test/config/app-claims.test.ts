import { expect, test } from 'vitest'
import { domainsAbove } from '../../src/config/app-claims.ts'
import { appRow, appsIn, catalogueOf, faultsOf, idsOf, nameOf } from './made-up-apps.ts'

const faults = (...rows: readonly string[]) => faultsOf(catalogueOf(...rows)).map((fault) => fault.replace(/^\d+:\d+ /, ''))

test('a word that stands for two apps is a fault', () => {
  expect(
    faults(appRow('one', { aliases: '[two, uno, uno]' }), appRow('two', { aliases: '[uno]' }), appRow('one', { domains: '.x.test' })),
  ).toEqual([
    'apps[0].aliases[0]: "two" stands for two already',
    'apps[0].aliases[2]: "uno" stands for one already',
    'apps[1].aliases[0]: "uno" stands for one already',
    'apps[2].id: "one" stands for one already',
  ])
})

test('a domain that two apps claim is a fault, told of the later', () => {
  expect(faults(appRow('one', { domains: '.one.test .common.test' }), appRow('two', { domains: '.common.test .two.test' }))).toEqual([
    'apps[1].domains: "common.test" belongs to one already; apps that share domains say so with "together_with"',
  ])
})

test('a domain within another’s is a fault, told of the narrower, whichever stands first', () => {
  const narrow = appRow('narrow', { domains: 'a.b.common.test' })
  const wide = appRow('wide', { domains: '.common.test' })
  const message = 'domains: "a.b.common.test" belongs to wide already; apps that share domains say so with "together_with"'
  expect(faults(narrow, wide)).toEqual([`apps[0].${message}`])
  expect(faults(wide, narrow)).toEqual([`apps[1].${message}`])
})

test('a name alone and what is below it may be two apps’', () => {
  const apps = appsIn(catalogueOf(appRow('one', { domains: 'x.test' }), appRow('two', { domains: '"*.x.test"' })))
  expect(['x.test', 'a.x.test'].map((name) => idsOf(apps.named(nameOf(name))))).toEqual([['one'], ['two']])
})

test('apps that say so share domains, in both directions', () => {
  const [one, two] = [appRow('one', { domains: '.x.test', together_with: '[two]' }), { domains: '.y.x.test', together_with: '[one]' }]
  const apps = appsIn(catalogueOf(one, appRow('two', two)))
  expect(['x.test', 'z.y.x.test'].map((name) => idsOf(apps.named(nameOf(name))))).toEqual([['one'], ['one', 'two']])
  expect(faults(one, appRow('two'))).toEqual(['apps[0].together_with[0]: "two" must say in turn that it goes together with "one"'])
})

test('a partner is another app of the file', () => {
  expect(faults(appRow('first', { together_with: '[frist, first]' }))).toEqual([
    'apps[0].together_with[0]: "frist" is no app of this file, did you mean "first"?',
    'apps[0].together_with[1]: "first" is this app itself',
  ])
})

test('a partner whose row has faults of its own is there all the same', () => {
  const faulty = appRow('two', { confidence: 'none', together_with: '[one]' })
  expect(faults(appRow('one', { together_with: '[two]' }), faulty)).toEqual(['apps[1].confidence: "none" is not one of high, medium, low'])
})

test('a shared domain may be shared by all, and be wider than what is an app’s', () => {
  const shared = { shared: '.x.test' }
  const apps = appsIn(
    catalogueOf(appRow('one', { domains: '.one.x.test', ...shared }), appRow('two', { domains: '.two.x.test', ...shared })),
  )
  expect(['x.test', 'a.one.x.test', 'three.x.test'].map((name) => idsOf(apps.named(nameOf(name))))).toEqual([[], ['one'], []])
})

test('the domains above a name, the nearest first', () => {
  expect(domainsAbove('a.b.test')).toEqual(['b.test', 'test'])
  expect(domainsAbove('test')).toEqual([])
})
