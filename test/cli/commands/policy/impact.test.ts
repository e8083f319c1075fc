import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { impactCommand } from '../../../../src/cli/commands/policy/impact.ts'
import { ConfigErrors } from '../../../../src/model/errors.ts'
import { encodeBody, formatLine } from '../../../../src/records/line.ts'
import { blocked, decided, madeUpFolder, NOON } from '../../../records/made-up.ts'
import { folderWith } from '../../screen.ts'
import { asked, china, day, recorded, visit } from './recorded.ts'

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC')
  vi.stubEnv('PATH', '')
})

const impact = (...args: readonly string[]) => asked(impactCommand, args)

async function figures(...args: readonly string[]) {
  const { shown, code } = await impact(...args, '--json')
  expect(code).toBe(0)
  return JSON.parse(shown)
}

test('what enforcing no-cn would have done, in one sentence, tables and examples', async () => {
  const { shown, code } = await impact('no-cn', '--records', await recorded(), '--since', '7d')
  expect(code).toBe(0)
  expect(shown).toBe(`\
Enforcing no-cn would have blocked 2 of 5 flows of the last 7 days, and steered 1.
Steered: some addresses of the destination are left out, others are reached.
Judged by the places that were recorded with each flow, not by the data of today.

FENCE  BLOCKED   SHARE  ALONE  WITH OTHERS  STEERED  FLAGGED
no-cn        2  40.0 %      2            -        1        -
Alone: without this fence the flow would have passed.

APP           FLOWS  BLOCKED   SHARE  STEERED  FLAGGED
no known app      3        1  33.3 %        1        -
Zoom              2        1  50.0 %        -        -

COUNTRY     FLOWS  BLOCKED   SHARE  STEERED  FLAGGED
China (CN)      2        1  50.0 %        1        -
CN/SG?          1        1   100 %        -        -

USER OR CLIENT  FLOWS  BLOCKED   SHARE  STEERED  FLAGGED
10.0.0.7            1        1   100 %        -        -
asha                2        1  50.0 %        -        -
ben                 2        -       -        1        -

Blocked, newest first:
  12:00:03  10.0.0.7  disputed.example:443  1.12.0.1       CN/SG?
    Would block: disputed.example is at 1.12.0.1, which the sources dispute (One: China (CN), Two: Singapore (SG)); fence "no-cn" blocks where the place is disputed.
  12:00:01  asha      cn.zoom.us:443        52.81.151.250  CN
    Would block: cn.zoom.us is at 52.81.151.250, which both sources place in China (CN); fence "no-cn" lets nothing reach it.

Steered, newest first:
  12:00:02  ben  both.example:443  52.81.151.250  CN
    Would steer: both.example goes to 8.8.8.8, which both sources place in the United States (US); 52.81.151.250 in China (CN) left out by fence "no-cn".
`)
})

test('the same for programs, by what was recorded and not by the data of today', async () => {
  const told = await figures('no-cn', '--records', await recorded())
  expect(told).toMatchObject({ flows: 5, blocked: 2, steered: 1, flagged: 0, allowed: 2, refused: 0, blocked_at_the_time: 0 })
  expect(told.by_app).toContainEqual({ app: 'zoom', flows: 2, blocked: 1, steered: 0, flagged: 0, share: 0.5 })
  expect(told.by_country).toContainEqual({ country: 'CN', flows: 2, blocked: 1, steered: 1, flagged: 0, share: 0.5 })
  expect(told.by_user).toContainEqual({ user_or_client: 'asha', flows: 2, blocked: 1, steered: 0, flagged: 0, share: 0.5 })
  expect(told.by_fence).toEqual([{ fence: 'no-cn', blocked: 2, share: 0.4, alone: 2, with_others: 0, steered: 1, flagged: 0 }])
  expect(told.examples.blocked.map(({ id }: { id: string }) => id)).toEqual(['d', 'b'])
})

test('examples are the newest, and no more than were asked for', async () => {
  const folder = await recorded(Array.from({ length: 40 }, (_, i) => visit(`f${i}`, { at: [china] })))
  const two = await figures('no-cn', '--records', folder, '--examples', '2')
  expect(two.blocked).toBe(40)
  expect(two.examples.blocked.map(({ id }: { id: string }) => id)).toEqual(['f39', 'f38'])
  expect((await figures('no-cn', '--records', folder, '--examples', '0')).examples.blocked).toEqual([])
  expect((await impact('no-cn', '--records', folder, '--examples', '2')).shown).toContain('Blocked, the newest 2 of 40:\n')
})

test('records of a version that knew no users and no apps', async () => {
  const { apps: _apps, personal, ...rest } = visit('old', { asked: 'zoom.us', at: [china] })
  const { user: _user, groups: _groups, ...known } = personal
  const old = { ...rest, personal: known } as ReturnType<typeof visit>
  const told = await figures('no-cn', '--records', await recorded([old]))
  expect(told).toMatchObject({ blocked: 1, by_user: [{ user_or_client: '10.0.0.7', blocked: 1 }], by_app: [{ app: 'zoom', blocked: 1 }] })
})

test('a torn last line is passed over; any other damage is told', async () => {
  const line = formatLine({ v: 1, seq: 6, time: new Date(NOON).toISOString(), node: 'n' }, encodeBody(visit('z', { at: [china] })))
  const torn = await recorded(day, line.slice(0, -20))
  expect(await figures('no-cn', '--records', torn)).toMatchObject({ flows: 5, blocked: 2, damaged_lines: 0 })
  const { shown } = await impact('no-cn', '--records', await recorded(day, `nonsense\n${line}`))
  expect(shown).toContain('3 of 6 recorded flows')
  expect(shown).toContain('1 damaged line in the records, the first at ')
})

test('what cannot be judged again, and what no policy would let through, is told apart', async () => {
  const notFound = { kind: 'error', code: 'resolve.not-found', message: 'nope' } as const
  const folder = await recorded([
    blocked('a', { candidates: [], reasons: [notFound] }),
    blocked('b', { candidates: [] }),
    blocked('c', { candidates: [china] }),
    decided('d', { candidates: [china], personal: { client: 'a torn record' } }),
    visit('e', { asked: '169.254.169.254', at: [{ ...china, ip: '169.254.169.254' }] }),
  ])
  const told = await figures('no-cn', '--records', folder)
  expect(told).toMatchObject({ found: 5, flows: 2, blocked: 1, blocked_at_the_time: 1, refused: 1 })
  expect(told.not_judged).toEqual({ no_address: 1, blocked_before_look_up: 1, unreadable: 1 })
  const { shown } = await impact('no-cn', '--records', folder)
  expect(shown.split('\n').slice(0, 7)).toEqual([
    'Enforcing no-cn would have blocked 1 of 2 recorded flows.',
    'Of those blocked, 1 was blocked at the time, too.',
    '1 flow is refused under every policy, and not counted as blocked.',
    '1 flow never came to an address: not judged again.',
    '1 flow was blocked before its address was looked up: not judged again.',
    '1 record could not be read as a flow: not judged again.',
    'Judged by the places that were recorded with each flow, not by the data of today.',
  ])
})

test('filters narrow what is looked at', async () => {
  const folder = await recorded()
  const { shown } = await impact('no-cn', '--records', folder, '--host', '.zoom.us', '--since', '1d')
  expect(shown).toContain('would have blocked 1 of 2 matching flows of the last day.\n')
  expect((await impact('no-cn', '--records', folder, '--country', 'AQ')).shown).toContain('there are no matching flows in ')
})

test('without a policy it is that of the settings; without records it says how to get some', async () => {
  const settings = folderWith({ 'ringfence.yaml': 'policy: no-cn\nrecords: { folder: flows }\n' })
  const config = ['--config', join(settings, 'ringfence.yaml')]
  const nothing = `What enforcing no-cn would block is not known: there are no recorded flows in ${join(settings, 'flows')}.
Run with this policy in observe mode first ("npx ringfence --policy no-cn --mode observe"), and send your traffic through it.
`
  expect(await impact(...config)).toEqual({ shown: nothing, code: 0, error: null })
  await mkdir(join(settings, 'flows'))
  expect(await impact(...config)).toEqual({ shown: nothing, code: 0, error: null })
})

test('bad input is the operator’s', async () => {
  const folder = await recorded()
  const refused = async (...args: readonly string[]) => (await impact(...args)).error
  expect(await refused('no-cm')).toContain('no-cn')
  expect(await refused('no-cn', '--records', '/nowhere/flows')).toContain('there is no records folder /nowhere/flows')
  expect(await refused('no-cn', '--records', folder, '--examples', 'all')).toBe('--examples: "all" is not a number from 0 to 999')
  expect(await refused('no-cn', '--records', folder, '--since', 'soon')).toContain('since: "soon" is no time')
  const file = join(await madeUpFolder(), 'policy.yaml')
  await writeFile(file, 'version: 1\nmode: observe\nfences:\n  - { name: a, never: [UK] }\n')
  // The command line prints these as they are, and exits with 2.
  const faults = await impact(file, '--records', folder).catch((error: unknown) => error)
  expect(faults).toBeInstanceOf(ConfigErrors)
  expect((faults as ConfigErrors).message).toContain('did you mean "GB"?')
})

test('what comes from outside is escaped', async () => {
  const folder = await recorded([visit('x', { user: 'eve\u001b[2J', at: [china] })])
  expect((await impact('no-cn', '--records', folder)).shown).not.toContain('\u001b')
})
