import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { flowsCommand } from '../../../src/cli/commands/flows.ts'
import { OperatorError } from '../../../src/model/errors.ts'
import type { EventBody } from '../../../src/model/event.ts'
import { openJournal } from '../../../src/records/journal.ts'
import type { FlowRecord } from '../../../src/records/record.ts'
import {
  blocked,
  candidate,
  decided,
  ended,
  madeUpFolder,
  NOON,
  segmentText,
  tickingClock,
  wouldBlock,
  writeSegment,
} from '../../records/made-up.ts'

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC')
})

interface Setting {
  readonly width?: number
  readonly signal?: AbortSignal
}

function started(args: readonly string[], { width = Number.POSITIVE_INFINITY, signal = new AbortController().signal }: Setting = {}) {
  const shown = { out: '', notes: [] as string[] }
  const write = async (text: string) => {
    shown.out += text
  }
  const out = { width, colour: false, closed: new AbortController().signal, write }
  const command = flowsCommand(() => ({
    out,
    note: (line) => shown.notes.push(line),
    now: () => NOON + 60_000,
    command: 'npx ringfence',
    signal,
  }))
  return { shown, done: command.parseAsync(args, { from: 'user' }) }
}

async function run(args: readonly string[], setting: Setting = {}) {
  const { shown, done } = started(args, setting)
  await done
  return shown
}

const reason = (outcome: 'violated' | 'disputed', effect: 'block' | 'log') =>
  ({ kind: 'fence', fence: 'home', outcome, effect, ip: null }) as const
const asked = (name: string) => ({ personal: { asked: name } })
const notFound = { kind: 'error', code: 'resolve.not-found', message: 'nope' } as const

const day: readonly EventBody[] = [
  decided('a'),
  blocked('b', asked('cn.zoom.us')),
  wouldBlock('c', asked('cn2.zoom.us')),
  decided('d', {
    ...asked('disputed.example'),
    verdict: 'log',
    would: 'log',
    reasons: [reason('disputed', 'log')],
    candidates: [candidate('203.0.113.5', ['US', 'DE'])],
  }),
  decided('e', {
    ...asked('steered.example'),
    would: 'steer',
    candidates: [candidate('52.81.151.250', ['CN'], { permitted: false }), candidate('198.51.100.9', [])],
  }),
  blocked('f', { ...asked('no-such-name.example'), reasons: [notFound], candidates: [] }),
  ended('a'),
  ended('c', { ending: 'failed', code: 'dial.refused', dialled: null, up: 0, down: 0, duration_ms: 87 }),
  ended('e', { dialled: '198.51.100.9', up: 12_345_678, down: 999, duration_ms: 125_000 }),
]

async function recorded(bodies: readonly EventBody[] = day) {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText(bodies))
  return folder
}

test('the table: one line a flow, in the order of their beginning', async () => {
  const { out, notes } = await run(['--records', await recorded()])
  expect(out).toBe(`\
TIME      VERDICT        COUNTRY  DESTINATION               ADDRESS             UP     DOWN  DURATION  REASON
12:00:00  ● Allowed      US       zoom.us:443               198.51.100.7    1.2 kB  56.8 kB     3.5 s
12:00:01  ■ Blocked      CN       cn.zoom.us:443            52.81.151.250        -        -         -  fence "no-cn"
12:00:02  □ Would block  CN       cn2.zoom.us:443           52.81.151.250        -        -     87 ms  fence "no-cn"
12:00:03  ▲ Flagged      US/DE?   disputed.example:443      203.0.113.5          -        -         -  fence "home": sources differ
12:00:04  ● Steered      -        steered.example:443       198.51.100.9   12.3 MB    999 B    2m 05s
12:00:05  – Not reached  -        no-such-name.example:443  -                    -        -         -  the name does not exist or has no address
`)
  expect(notes).toEqual([])
})

test('a reason is words, never a code', async () => {
  const folder = await recorded([
    { type: 'started', version: '0.1.0' },
    decided('a'),
    decided('b'),
    ended('b', { ending: 'failed', code: 'dial.of-the-future', message: 'the destination sang' }),
    { type: 'started', version: '0.1.0' },
  ])
  const { out } = await run(['--records', folder])
  expect(out).toMatch(/US .* the proxy ended before this flow did\n.*US .* the destination sang\n/)
})

test('a terminal is not overrun, and flows of other days carry their date', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText(day, 1, NOON - 86_400_000))
  for (const width of [80, 100, 120]) {
    const { out } = await run(['--records', folder], { width })
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width)
  }
  expect((await run(['--records', folder], { width: 80 })).out).toBe(`\
TIME                 VERDICT        COUNTRY  DESTINATION            REASON
2026-11-24 12:00:00  ● Allowed      US       zoom.us:443
2026-11-24 12:00:01  ■ Blocked      CN       cn.zoom.us:443         fence "no-c…
2026-11-24 12:00:02  □ Would block  CN       cn2.zoom.us:443        fence "no-c…
2026-11-24 12:00:03  ▲ Flagged      US/DE?   disputed.example:443   fence "home…
2026-11-24 12:00:04  ● Steered      -        steered.example:443
2026-11-24 12:00:05  – Not reached  -        no-such-name.example…  the name do…
`)
})

test('JSON: one whole record a line', async () => {
  const folder = await recorded()
  const records = (await run(['--records', folder, '--json'])).out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FlowRecord)
  expect(records.map(({ id, ending }) => `${id} ${ending}`)).toEqual([
    'b blocked',
    'f blocked',
    'a completed',
    'c failed',
    'e completed',
    'd open',
  ])
  expect(records[0]).toMatchObject({ sentence: 'Allowed: zoom.us.', reasons: [{ fence: 'no-cn' }], candidates: [{ ip: '52.81.151.250' }] })
  const newest = await run(['--records', folder, '--json', '--limit', '2'])
  expect(
    newest.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual(['e', 'f'])
})

test('filters narrow what is shown', async () => {
  const folder = await recorded()
  const ids = async (...args: string[]) => {
    const { out } = await run(['--records', folder, '--json', ...args])
    return out.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as FlowRecord).id]))
  }
  expect(await ids('--country', 'CN')).toEqual(['b', 'c'])
  expect(await ids('--country', 'de')).toEqual(['d'])
  expect(await ids('--country', 'disputed')).toEqual(['d'])
  expect(await ids('--verdict', 'would-block,not-reached')).toEqual(['f', 'c'])
  expect(await ids('--verdict', 'steered')).toEqual(['e'])
  expect(await ids('--host', '.zoom.us')).toEqual(['b', 'a', 'c'])
  expect(await ids('--host', '*.zoom.us')).toEqual(['b', 'c'])
  expect(await ids('--since', '57s', '--until', '2026-11-25T12:00:05Z')).toEqual(['e', 'd'])
})

test('nothing to show is said beside the output', async () => {
  const empty = await madeUpFolder()
  expect(await run(['--records', empty])).toEqual({
    out: '',
    notes: [`no flows recorded yet in ${empty}; start "npx ringfence" and send something through it`],
  })
  const folder = await recorded()
  expect(await run(['--records', folder, '--country', 'AQ'])).toEqual({ out: '', notes: [`no flow in ${folder} matches`] })
  expect(await run(['--records', folder, '--country', 'AQ', '--json'])).toEqual({ out: '', notes: [`no flow in ${folder} matches`] })
})

test('that there are more than the newest 50 is said, and so is damage', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, `${segmentText(Array.from({ length: 60 }, (_, i) => blocked(`f${i}`)))}nonsense\n`)
  const { out, notes } = await run(['--records', folder])
  expect(out.split('\n')).toHaveLength(52)
  expect(notes).toEqual([
    'the newest 50; --limit shows more',
    `1 damaged line in the records, the first at ${join(folder, '000001.ndjson')}:61: not JSON`,
  ])
})

test('bad input is the operator’s: one clear line', async () => {
  const refused = async (...args: string[]) => {
    const failure = await started(args).done.catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OperatorError)
    return (failure as OperatorError).message
  }
  expect(await refused('--records', '/nowhere/flows')).toBe(
    'there is no records folder /nowhere/flows: nothing has been recorded there yet',
  )
  expect(await refused('--country', 'UK')).toContain('did you mean "GB"?')
  expect(await refused('--limit', '0')).toContain('--limit: "0" is not a number')
  expect(await refused('--follow', '--until', '1h')).toContain('exclude each other')
  expect(await refused('--config', '/nowhere/ringfence.yaml')).toContain('/nowhere/ringfence.yaml')
})

test('the folder is the one of --records, else of the settings, else of the state folder', async () => {
  const state = await madeUpFolder()
  await mkdir(join(state, 'ringfence', 'flows'), { recursive: true })
  await mkdir(join(state, 'elsewhere'))
  vi.stubEnv('XDG_STATE_HOME', state)
  vi.stubEnv('STATE_DIRECTORY', '')
  const settings = join(state, 'ringfence.yaml')
  const noted = async (...args: string[]) => (await run(args)).notes[0]
  expect(await noted()).toContain(join(state, 'ringfence', 'flows'))
  await writeFile(settings, 'version: 1\n')
  expect(await noted('--config', settings)).toContain(join(state, 'ringfence', 'flows'))
  await writeFile(settings, 'version: 1\nrecords: { folder: elsewhere }\n')
  expect(await noted('--config', settings)).toContain(join(state, 'elsewhere'))
  expect(await noted('--config', settings, '--records', state)).toContain(`${state};`)
})

test('following shows the newest flows, then each as it is decided; as JSON also as it ends', async () => {
  const folder = await recorded()
  const journal = await openJournal({ folder, node: 'n', clock: tickingClock(NOON + 60_000), onTrouble: () => {} })
  onTestFinished(() => journal.close())
  const stop = new AbortController()
  const people = started(['--records', folder, '--follow', '--limit', '2'], { signal: stop.signal })
  const programs = started(['--records', folder, '--follow', '--json'], { signal: stop.signal })
  await expect.poll(() => people.shown.out).toContain('no-such-name.example')
  await journal.append(decided('x', asked('new.example')))
  await journal.append(blocked('y', asked('cn.example')))
  await journal.append(ended('x'))
  await expect.poll(() => programs.shown.out.split('\n')).toHaveLength(4)
  stop.abort()
  await Promise.all([people.done, programs.done])
  expect(people.shown.out).toBe(`\
TIME      VERDICT        COUNTRY  DESTINATION                             ADDRESS          REASON
12:00:04  ● Steered      -        steered.example:443                     198.51.100.9
12:00:05  – Not reached  -        no-such-name.example:443                -                the name does not exist or has no address
12:01:00  ● Allowed      US       new.example:443                         198.51.100.7
12:01:00  ■ Blocked      CN       cn.example:443                          52.81.151.250    fence "no-cn"
`)
  const told = programs.shown.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FlowRecord)
  expect(told.map(({ id, ending }) => `${id} ${ending}`)).toEqual(['x open', 'y blocked', 'x completed'])
})

test('following waits for a folder that is not there yet', async () => {
  const folder = join(await madeUpFolder(), 'state', 'flows')
  const stop = new AbortController()
  const people = started(['--records', folder, '--follow'], { signal: stop.signal })
  const programs = started(['--records', folder, '--follow', '--json'], { signal: stop.signal })
  await expect.poll(() => [people, programs].map(({ shown }) => shown.notes)).toEqual([[expect.any(String)], [expect.any(String)]])
  expect(people.shown.notes).toEqual([`there is no records folder ${folder} yet; waiting for "npx ringfence" to make it`])
  const journal = await openJournal({ folder, node: 'n', clock: tickingClock(NOON + 60_000), onTrouble: () => {} })
  onTestFinished(() => journal.close())
  await journal.append(blocked('y', asked('cn.example')))
  await expect.poll(() => people.shown.out).toContain('cn.example:443')
  await expect.poll(() => programs.shown.out).toContain('cn.example')
  stop.abort()
  await Promise.all([people.done, programs.done])
})

test('waiting for a folder can be given up', async () => {
  const stop = new AbortController()
  const { done, shown } = started(['--records', '/nowhere/flows', '--follow'], { signal: stop.signal })
  await expect.poll(() => shown.notes).toHaveLength(1)
  stop.abort()
  await done
  expect(shown.out).toBe('')
})
