import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openOwnRoad } from '../../../../src/cli/commands/geoip/own-road.ts'
import { createFetch } from '../../../../src/egress/fetch.ts'
import type { FlowRecord } from '../../../../src/records/record.ts'
import { readRecords } from '../../../../src/records/store.ts'
import { node } from './node.ts'

async function origin(): Promise<number> {
  const server = createServer((_, response) => response.end('here'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('requests of its own are judged, dialled and recorded, beside the records of a running proxy', async () => {
  const port = await origin()
  const world = await node().world()
  const { table } = await world.open()
  const own = await openOwnRoad(world, table, (line) => expect.fail(line))
  const fetch = createFetch(own.road)
  const response = await fetch({ url: new URL(`http://127.0.0.1:${port}/x`) }, new AbortController().signal)
  let body = ''
  for await (const chunk of response.body) body += Buffer.from(chunk).toString()
  expect(body).toBe('here')
  // 52.0.0.0/8 is in China by this node's data, and the policy enforces: nobody is dialled.
  await expect(fetch({ url: new URL('http://52.81.151.250/') }, new AbortController().signal)).rejects.toThrow(/fence "no-cn"/)
  await own.close()
  const records: FlowRecord[] = []
  for await (const record of readRecords(own.records)) records.push(record)
  expect(records.map(({ asked, inbound, verdict, table: by }) => ({ asked, inbound, verdict, by }))).toEqual([
    { asked: '127.0.0.1', inbound: 'update', verdict: 'allow', by: table?.hash },
    { asked: '52.81.151.250', inbound: 'update', verdict: 'block', by: table?.hash },
  ])
  expect(own.records).not.toBe(world.settings.records.folder)
})

test('without data in force the way to it is judged by the data that comes with the program', async () => {
  const world = await node(Buffer.from('no database')).world()
  const own = await openOwnRoad(world, null, (line) => expect.fail(line))
  const fetching = createFetch(own.road)({ url: new URL('http://52.81.151.250/') }, new AbortController().signal)
  await expect(fetching).rejects.toThrow(/places? in China \(CN\); fence "no-cn" lets nothing reach it/)
  await own.close()
})
