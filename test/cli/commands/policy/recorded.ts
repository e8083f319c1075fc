/** Made-up days of records for `policy impact` and `policy diff`, with answers of two sources each. */
import type { Command } from 'commander'
import type { Output } from '../../../../src/cli/output.ts'
import type { CountryCode } from '../../../../src/model/country.ts'
import type { Decided, EventBody, RecordedCandidate } from '../../../../src/model/event.ts'
import { candidate, decided, madeUpFolder, NOON, segmentText, writeSegment } from '../../../records/made-up.ts'
import { ran } from '../../screen.ts'

export const MINUTE_LATER = NOON + 60_000

/** One address, as two sources place it. */
export function placed(ip: string, one: string, two = one): RecordedCandidate {
  const { judged, ...rest } = candidate(ip, [...new Set([one, two])].sort())
  const answers = { One: one as CountryCode, Two: two as CountryCode }
  return { ...rest, judged: judged.map((place) => ({ ...place, answers })) }
}

interface Visit {
  readonly asked?: string
  readonly user?: string
  readonly client?: string
  readonly apps?: readonly string[]
  readonly at: readonly RecordedCandidate[]
}

/** A flow that was observed, and let through. */
export const visit = (
  id: string,
  { asked = 'site.example', user = 'anonymous', client = '10.0.0.7:50000', apps = [], at }: Visit,
): Decided =>
  decided(id, {
    mode: 'observe',
    candidates: at,
    apps: apps.map((app) => ({ app, home: null, origin: 'asked' as const, proved: true })),
    personal: { asked, user, client },
  })

export const china = placed('52.81.151.250', 'CN')
export const hongKong = placed('18.162.10.20', 'HK')
export const america = placed('8.8.8.8', 'US')
export const disputed = placed('1.12.0.1', 'CN', 'SG')

/** Five flows of two users and a client, of which no-cn blocks two and steers one. */
export const day: readonly EventBody[] = [
  visit('a', { asked: 'zoom.us', user: 'asha', apps: ['zoom'], at: [america] }),
  visit('b', { asked: 'cn.zoom.us', user: 'asha', apps: ['zoom'], at: [china] }),
  visit('c', { asked: 'both.example', user: 'ben', at: [china, america] }),
  visit('d', { asked: 'disputed.example', at: [disputed] }),
  visit('e', { asked: 'hk.example', user: 'ben', at: [hongKong] }),
]

export async function recorded(bodies: readonly EventBody[] = day, more = ''): Promise<string> {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText(bodies) + more)
  return folder
}

/** Runs one of the commands a minute after noon. */
export const asked = (command: (output: () => Output, now: () => number) => Command, args: readonly string[]) =>
  ran(
    (out) =>
      command(
        () => out,
        () => MINUTE_LATER,
      ),
    args,
  )
