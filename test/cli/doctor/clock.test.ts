import { expect, test } from 'vitest'
import { clock } from '../../../src/cli/doctor/clock.ts'
import { NOW, patient, states } from './patient.ts'

test('a clock before the newest data fails, one that is years ahead is looked at', async () => {
  const one = await patient()
  const at = (time: number) => clock({ ...one, clock: { now: () => time, monotonic: () => 0 } })
  expect(states(await at(NOW))).toEqual(['ok'])
  expect(await at(Date.UTC(2026, 4, 31))).toMatchObject([
    {
      state: 'fail',
      says: 'the clock shows 2026-05-31T00:00:00Z, before the newest location data was made (2026-06-01)',
      mend: expect.stringMatching(/^timedatectl set-ntp true/),
    },
  ])
  expect(await at(Date.UTC(2030, 0, 1))).toMatchObject([{ state: 'warn', mend: expect.stringMatching(/ or ringfence geoip update$/) }])
  expect(states(await clock({ ...one, opened: { table: null, refused: null } }))).toEqual(['ok'])
})
