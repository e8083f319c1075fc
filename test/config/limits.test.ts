import { expect, test } from 'vitest'
import { connectionsFor, descriptorLimit } from '../../src/config/descriptors.ts'
import { admissionFor, ceilingFor, sentenceOn } from '../../src/config/limits.ts'
import { loadSettings } from '../../src/config/load.ts'
import { ip } from '../support/fake-ports.ts'

const { limits } = loadSettings()

test('without a number, as many come in as the descriptors of the process allow, and of loopback all of them', () => {
  const most = connectionsFor(descriptorLimit())
  const told: string[] = []
  const admission = admissionFor({ limits }, () => 0, { warn: (_: unknown, text?: string) => void told.push(text ?? '') })
  for (let i = 0; i < most; i++) expect(admission.enter()?.seat(ip('127.0.0.1'))).toBe(true)
  expect(admission.enter()).toBeNull()
  expect(told).toEqual([`connections turned away: 1 of all doors, limits.connections being ${most}`])
})

test('numbers of the settings hold, each client a thousand by default', () => {
  const admission = admissionFor({ limits: { ...limits, connections: 2_000 } }, () => 0, { warn: () => undefined })
  const seats = Array.from({ length: 1_100 }, () => admission.enter()?.seat(ip('10.0.0.1')))
  expect(seats.filter((seated) => seated === true)).toHaveLength(1_024)
})

test('a number that the descriptors are not enough for is told', () => {
  const told: unknown[] = []
  admissionFor({ limits: { ...limits, connections: 900_000 } }, () => 0, { warn: (message: unknown) => void told.push(message) })
  expect(told).toEqual([expect.stringMatching(/^limits\.connections is 900000, and \d+ descriptors \(ulimit -n\) are enough for \d+$/)])
})

test('memory ends where that of the machine or of its heap would, unless the settings say where', () => {
  const { heap, resident } = ceilingFor('auto')
  expect(heap).toBeGreaterThan(32 * 1_048_576)
  expect(resident).toBeGreaterThan(64 * 1_048_576)
  expect(ceilingFor(128 * 1_048_576)).toEqual({ heap, resident: 128 * 1_048_576 })
})

test('what was turned away is one sentence', () => {
  expect(sentenceOn({ client: 3, memory: 2, descriptors: 1 }, { connections: 9, perClient: 5 })).toBe(
    'connections turned away: 3 of one client, limits.per_client being 5; 2 for want of memory; 1 for want of descriptors (ulimit -n)',
  )
})
