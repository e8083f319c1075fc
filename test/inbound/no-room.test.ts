import { expect, test } from 'vitest'
import { NoRoom } from '../../src/inbound/no-room.ts'
import { realClock } from '../support/fake-clock.ts'
import { fired, streamPair } from '../support/socket-pair.ts'

async function told(noRoom = new NoRoom(realClock.now)) {
  const { near, far } = await streamPair()
  noRoom.tell(near)
  return { near, far }
}

test('an HTTP client is told to come again, and has the whole answer however much it sends', async () => {
  const { near, far } = await told()
  far.send(`POST http://a.com/ HTTP/1.1\r\nHost: a.com\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`)
  const answer = await far.receivesEnd()
  expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
  expect(answer).toContain('\r\nRetry-After: 5\r\n')
  expect(answer).toContain('\r\nConnection: close\r\n')
  expect(answer).toMatch(/\r\nProxy-Status: ringfence; error=proxy_internal_error; details="This proxy has no room /)
  far.end()
  await fired(near.closed)
})

test('who speaks SOCKS, and who ends without a word, is reset', async () => {
  for (const greeting of [Uint8Array.of(5, 1, 0), Uint8Array.of(4, 1)]) {
    const { far } = await told()
    far.send(greeting)
    await far.receivesReset()
    expect(far.text).toBe('')
  }
  const { near, far } = await told()
  far.end()
  await fired(near.closed)
})

test('who is silent, or does not leave once told, is cut off after a second', async () => {
  const [silent, staying] = [await told(), await told()]
  const startedAt = performance.now()
  staying.far.send('GET http://a.com/ HTTP/1.1\r\n')
  await staying.far.receives('503')
  await Promise.all([silent.far.receivesReset(), fired(staying.near.closed)])
  const took = performance.now() - startedAt
  expect(took).toBeGreaterThan(800)
  expect(took).toBeLessThan(4_000)
})

test('it listens to sixteen at once, and resets the others until one of those has left', async () => {
  const noRoom = new NoRoom(realClock.now)
  const first = await Promise.all(Array.from({ length: 16 }, () => told(noRoom)))
  expect(noRoom.isBusy).toBe(true)
  await (await told(noRoom)).far.receivesReset()
  first[0]?.far.reset()
  if (first[0] !== undefined) await fired(first[0].near.closed)
  expect(noRoom.isBusy).toBe(false)
})
