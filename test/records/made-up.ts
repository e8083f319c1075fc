/** Made-up events for tests: whole ones, of which a test says only what it is about. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Ip } from '../../src/model/address.ts'
import type { CountryCode } from '../../src/model/country.ts'
import type { Decided, Ended, EventBody, JournalEvent, RecordedCandidate, Rejudged } from '../../src/model/event.ts'
import type { Clock } from '../../src/pipeline/ports.ts'
import { encodeBody, formatLine } from '../../src/records/line.ts'

export const NOON = Date.UTC(2026, 10, 25, 12)

export async function madeUpFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-records-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A clock that shows noon, and one millisecond later each time it is looked at. */
export function tickingClock(start = NOON): Clock {
  let ticks = 0
  return { now: () => start + ticks++, monotonic: () => ticks }
}

/** What a record says beside the place. */
export const elsewhere = { disowned: [], registry: null, network: null } as const

export function candidate(ip: string, possible: readonly string[], change: Partial<RecordedCandidate> = {}): RecordedCandidate {
  const codes = possible as readonly string[] as readonly CountryCode[]
  const place = { ip, scope: 'global', answers: {}, possible: codes, best: codes[0] ?? null, anycast: false, ...elsewhere } as const
  return { ip, judged: [place], fences: [], effect: 'allow', refusal: null, permitted: true, ...change }
}

interface DecidedChange extends Partial<Omit<Decided, 'personal'>> {
  readonly personal?: Partial<Decided['personal']>
}

export function decided(id: string, { personal, ...change }: DecidedChange = {}): Decided {
  return {
    type: 'decided',
    id,
    mode: 'enforce',
    verdict: 'allow',
    would: 'allow',
    reasons: [],
    policy: 'p'.repeat(64),
    name_hidden: false,
    apps: [],
    inbound: 'mixed',
    network: 'tcp',
    port: 443,
    candidates: [candidate('198.51.100.7', ['US'])],
    table: 't'.repeat(64),
    shadow: {},
    personal: {
      salt: 's',
      client: '127.0.0.1:50000',
      user: 'anonymous',
      groups: [],
      asked: 'zoom.us',
      names: [],
      sentence: 'Allowed: zoom.us.',
      ...personal,
    },
    ...change,
  }
}

const violated = (fence: string, ip: string) => ({ kind: 'fence', fence, outcome: 'violated', effect: 'block', ip: ip as Ip }) as const

export const blocked = (id: string, change: DecidedChange = {}): Decided =>
  decided(id, {
    verdict: 'block',
    would: 'block',
    reasons: [violated('no-cn', '52.81.151.250')],
    candidates: [candidate('52.81.151.250', ['CN'], { effect: 'block', permitted: false })],
    ...change,
  })

export const wouldBlock = (id: string, change: DecidedChange = {}): Decided =>
  blocked(id, { mode: 'observe', verdict: 'allow', candidates: [candidate('52.81.151.250', ['CN'], { effect: 'block' })], ...change })

export function rejudged(id: string, change: Partial<Rejudged> = {}): Rejudged {
  const { type: _, ...judged } = wouldBlock(id)
  const { mode, verdict, would, reasons, policy } = judged
  return {
    type: 'rejudged',
    id,
    mode,
    verdict,
    would,
    reasons,
    policy,
    name_hidden: false,
    apps: [],
    personal: { salt: 's', names: [{ name: 'cdn.example', origin: 'sni', proved: false }], sentence: 'Would block: cdn.example.' },
    ...change,
  }
}

export function ended(id: string, change: Partial<Ended> = {}): Ended {
  return {
    type: 'ended',
    id,
    ending: 'completed',
    code: null,
    message: null,
    dialled: '198.51.100.7',
    via: null,
    connect_ms: 12.5,
    ruled_out: null,
    up: 1_234,
    down: 56_789,
    duration_ms: 3_456,
    ...change,
  }
}

/** Events as a journal would have numbered them, one second apart. */
export const numbered = (bodies: readonly EventBody[], first = 1, start = NOON): readonly JournalEvent[] =>
  bodies.map((body, i) => ({ ...headAt(first + i, start), ...body }))

/** The text of a segment that holds them. */
export const segmentText = (bodies: readonly EventBody[], first = 1, start = NOON): string =>
  bodies.map((body, i) => formatLine(headAt(first + i, start), encodeBody(body))).join('')

export const writeSegment = (folder: string, number: number, text: string): Promise<void> =>
  writeFile(join(folder, `${String(number).padStart(6, '0')}.ndjson`), text)

const headAt = (seq: number, start: number) =>
  ({ v: 1, seq, time: new Date(start + (seq - 1) * 1_000).toISOString(), node: 'node-1' }) as const
