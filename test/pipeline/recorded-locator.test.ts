import { expect, test } from 'vitest'
import { noApps } from '../../src/model/app.ts'
import type { CountryCode } from '../../src/model/country.ts'
import type { RecordedPlace } from '../../src/model/event.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { carry } from '../../src/pipeline/pipeline.ts'
import { recordedLocator } from '../../src/pipeline/recorded-locator.ts'
import { replay } from '../../src/pipeline/replay.ts'
import { explain } from '../../src/policy/explain.ts'
import { recordOf } from '../../src/records/record.ts'
import { endpoint } from '../policy/words.ts'
import { candidate } from '../records/made-up.ts'
import { ip } from '../support/fake-ports.ts'
import { notToChina, policyText, roadOf } from '../support/proxy-under-test.ts'

const CN = 'CN' as CountryCode
const SG = 'SG' as CountryCode

const place = (change: Partial<RecordedPlace>) => {
  const { judged, ...rest } = candidate('52.81.151.250', ['CN'])
  return { ...rest, judged: judged.map((one) => ({ ...one, ...change })) }
}

const located = (change: Partial<RecordedPlace>, ...rest: [table?: string, companyOf?: Parameters<typeof recordedLocator>[1]]) =>
  recordedLocator({ candidates: [place(change)], table: rest[0] ?? 't' }, rest[1]).locate(ip('52.81.151.250'))

test('a place is what was recorded: answers, those that did not count, registry, anycast', () => {
  expect(
    located({ answers: { One: CN, Two: null, Own: SG }, disowned: ['Own'], possible: [CN], best: CN, registry: SG, anycast: true }),
  ).toEqual({
    ip: '52.81.151.250',
    scope: 'global',
    answers: [
      { source: 'One', country: 'CN' },
      { source: 'Two', country: null },
      { source: 'Own', country: 'SG', disowned: true },
    ],
    possible: ['CN'],
    best: 'CN',
    stated: null,
    registry: 'SG',
    anycast: true,
    network: null,
    located: true,
  })
})

test('the home of a firm is the recorded one; today’s list adds its name and its doubts only where it agrees', () => {
  const network = { asn: 45102, name: 'ALIBABA-CN-NET', home: CN }
  const listed = (home: CountryCode) => () => ({ name: 'Alibaba', home, contested: 'doubted' })
  expect(located({ network }, 't', listed(CN)).network?.company).toEqual({ name: 'Alibaba', home: 'CN', contested: 'doubted' })
  expect(located({ network }, 't', listed(SG)).network?.company).toEqual({ name: 'ALIBABA-CN-NET', home: 'CN', contested: null })
  expect(located({ network: { ...network, home: null } }, 't', listed(CN)).network?.company).toBeNull()
})

test('where there was no table, nothing is located; nor is an address that the record does not hold', () => {
  expect(located({}, 'none').located).toBe(false)
  const locator = recordedLocator({ candidates: [place({})], table: 't' })
  expect(locator.hash).toBe('t')
  expect(locator.locate(ip('8.8.8.8'))).toMatchObject({ located: false, possible: [], best: null })
})

test('a place of a version that recorded less', () => {
  const { disowned: _d, registry: _r, network: _n, ...old } = place({ answers: { One: CN } }).judged[0] as RecordedPlace
  const candidates = [{ ...candidate('52.81.151.250', ['CN']), judged: [old as RecordedPlace] }]
  expect(recordedLocator({ candidates, table: 't' }).locate(ip('52.81.151.250'))).toMatchObject({
    answers: [{ source: 'One', country: 'CN' }],
    registry: null,
    network: null,
  })
})

const names = { 'mixed.example': ['52.81.151.250', '170.114.1.1'], 'nowhere.example': ['9.9.9.9'], 'six.example': ['64:ff9b::3451:97fa'] }
const places = { '52.81.151.250': 'CN HK', '170.114.1.1': 'US' }

test.each(['mixed.example:443', 'nowhere.example:443', 'six.example:443', '52.81.151.250:80', '127.0.0.1:80'])(
  '%s judged again by its own record comes to the same verdict and the same sentence',
  async (asked) => {
    const { road, writer } = roadOf({ policy: policyText('observe', notToChina), names, places })
    const client = { host: ip('192.0.2.10'), port: 50_000 }
    const flow = {
      id: 'a' as FlowId,
      openedAt: 0,
      inbound: 'mixed',
      network: 'tcp',
      client,
      who: anonymous,
      asked: endpoint(asked),
    } as const
    const ignore = () => undefined
    const relay = async () => ({ ending: 'completed', code: null, message: null }) as const
    await carry({ flow, firstBytes: null, gone: AbortSignal.timeout(10_000), grant: ignore, refuse: ignore, relay }, road)
    const [event] = writer.decided
    const record =
      event === undefined ? null : recordOf({ decided: { ...event, v: 1, seq: 1, time: new Date(0).toISOString(), node: 'n' } })
    if (record === null) throw new Error('nothing was recorded')
    const policy = road.policies.current
    const again = replay(record, policy, recordedLocator(record), road.refusals, noApps)
    expect(again?.verdict).toMatchObject({ kind: record.verdict, would: record.would, reasons: record.reasons })
    expect(again === null ? null : explain(again, flow.asked, policy)).toBe(record.sentence)
  },
)
