/** Round-trip times of real handshakes, as the records keep them: in this world everything answers at once, wherever it says it is. */
import { expect, test } from 'vitest'
import { useWorld } from '../support/world-setup.ts'

const world = useWorld()
/** Frankfurt. */
const settings = { geoip: { vantage: { latitude: 50.11, longitude: 8.68 } } }

test('a country that is too far for the time is ruled out in the record, until an operator’s own address answers too soon', async () => {
  const proxy = await world.ringfence({ policy: 'observe', settings })
  await world.curl(['--proxy', `http://${proxy.at}`, 'http://us4.example/'])
  const [zoom] = await proxy.ended(0)
  expect(zoom?.connect_ms).toBeLessThan(20)
  expect(zoom?.ruled_out).toEqual([{ country: 'US', at_most_km: expect.any(Number), nearest_km: expect.any(Number) }])
  expect(zoom?.ruled_out?.[0]?.nearest_km).toBeGreaterThan(4_000)

  // 52.81.151.250 is AWS's, which says itself that it is in China: nobody there answers in a millisecond.
  await world.curl(['--proxy', `http://${proxy.at}`, 'http://cn4.example/'])
  const [aws] = await proxy.ended(1)
  expect(aws).toMatchObject({ verdict: 'allow', ruled_out: null })
  expect(proxy.output()).toMatch(
    /round-trip times: 52\.81\.151\.250, which AWS places in China \(CN\), answered in [0-9.]+ ms: .*Somebody in between answers, or the vantage is wrong/,
  )

  await world.curl(['--proxy', `http://${proxy.at}`, 'http://us4.example/'])
  expect((await proxy.ended(2))[0]).toMatchObject({ ruled_out: null })
}, 60_000)

test('without a vantage nothing is said of places by time', async () => {
  const proxy = await world.ringfence({ policy: 'observe' })
  await world.curl(['--proxy', `http://${proxy.at}`, 'http://us4.example/'])
  expect((await proxy.ended(0))[0]).toMatchObject({ ruled_out: null, connect_ms: expect.any(Number) })
})
