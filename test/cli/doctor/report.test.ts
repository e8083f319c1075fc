import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Finding, fail, ok, warn } from '../../../src/cli/doctor/check.ts'
import { hasFailed, reportText, type Section } from '../../../src/cli/doctor/report.ts'
import { expectScreen } from '../screen.ts'

const skipped: Finding = { state: 'skipped', says: 'name servers are not asked (--offline)' }

const sections: readonly Section[] = [
  { check: 'settings', findings: [ok('/etc/ringfence/ringfence.yaml, policy no-cn: without faults')] },
  {
    check: 'folders',
    findings: [
      fail(
        'records cannot be written in /var/lib/ringfence/flows (EACCES)',
        'as root: chown -R ringfence /var/lib/ringfence/flows; or another folder in the settings',
      ),
      ok('84.2 GB are free for records'),
    ],
  },
  { check: 'resolver', findings: [skipped] },
  {
    check: 'data',
    findings: [warn('DB-IP Lite is 177 days old: more than 0.5 % of addresses have moved since', 'ringfence geoip update')],
  },
]

test('the screen', () => expectScreen('doctor', reportText(sections, { width: 80, colour: false })))

test('a warning is no failure, and both are counted', () => {
  const wide = { width: Number.POSITIVE_INFINITY, colour: false }
  expect(hasFailed(sections)).toBe(true)
  expect(reportText(sections, wide)).toMatch(/\n\n1 failed, 1 to look at\.\n$/)
  const well = sections.filter(({ check }) => check !== 'folders')
  expect(hasFailed(well)).toBe(false)
  expect(reportText(well, wide)).toMatch(/\n\nAll works, 1 to look at\.\n$/)
  expect(reportText([{ check: 'clock', findings: [ok('fine')] }], wide)).toBe('ok    clock      fine\n\nAll works.\n')
})

test('for a program each finding is one line', () => {
  expect(
    reportText(sections, { width: Number.POSITIVE_INFINITY, colour: false })
      .split('\n')
      .filter((line) => /^(ok|warn|FAIL|-) /.test(line)),
  ).toHaveLength(5)
})

test('colour marks what is amiss', () => {
  const shown = reportText(sections, { width: 80, colour: true })
  expect(shown).toContain('\u001b[31mFAIL\u001b[0m  folders')
  expect(shown).toContain('\u001b[33mwarn\u001b[0m  data')
})

test('text from outside moves no cursor', () => {
  expect(reportText([{ check: 'data', findings: [ok('a\u001b[2Jb')] }], { width: 80, colour: false })).not.toContain('\u001b')
})

test('folding loses no word, and only a longer word is wider than the screen', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcdefgh/.:'), minLength: 1, maxLength: 90 })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 40, max: 120 }), (words, width) => {
      const shown = reportText([{ check: 'data', findings: [ok(words.join(' '))] }], { width, colour: false })
      const lines = shown.slice(0, shown.indexOf('\n\n')).split('\n')
      expect(lines.map((line) => line.slice(17)).join(' ')).toBe(words.join(' '))
      for (const line of lines) if (line.slice(17).includes(' ')) expect(line.length).toBeLessThanOrEqual(width)
    }),
  )
})
