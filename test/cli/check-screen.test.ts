/** The screens themselves are in test/cli/commands/check.test.ts. */
import { expect, test } from 'vitest'
import { appsOf } from '../../src/cli/check-screen.ts'
import type { KnownApp } from '../../src/model/app.ts'
import { noApps } from '../../src/model/app.ts'
import type { Candidate } from '../../src/model/verdict.ts'

const told = (id: string, origin: KnownApp['origin']): KnownApp => ({
  app: { id, name: id, categories: [], company: null },
  origin,
  name: null,
  provedAt: null,
})

const known = { namedApps: [told('zoom', 'asked')], catalogue: noApps } as never
const candidate = (...apps: readonly KnownApp[]) => ({ apps }) as unknown as Candidate

test('an app is shown once for each thing that tells it, over all addresses', () => {
  const both = [candidate(told('zoom', 'asked'), told('zoom', 'range')), candidate(told('zoom', 'asked'))]
  expect(appsOf(both, known).map(({ origin }) => origin)).toEqual(['asked', 'range'])
})

test('before any address is known, what its name tells is all there is', () => {
  expect(appsOf([], known).map(({ app }) => app.id)).toEqual(['zoom'])
})
