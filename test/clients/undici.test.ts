/** Node programs: undici's ProxyAgent, and WebSockets through a tunnel and through an Upgrade. */
import { describe, expect, test } from 'vitest'
import { hosts } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, ru, cn } = hosts
const world = useWorld()
const noCn = world.shared({ policy: 'no-cn' })

describe.each([{ proxyTunnel: true }, { proxyTunnel: false }])('undici with proxyTunnel: $proxyTunnel', ({ proxyTunnel }) => {
  test('reaches what is permitted, over http and https, with one agent', async () => {
    const { at } = await noCn()
    const requests = ['http://us4.example/', `http://${ru.v4}/`, `http://[${us.v6}]/`, 'https://us.example/', 'http://us4.example/again']
    const answers = await world.client('undici.mjs', { proxy: `http://${at}`, proxyTunnel, requests })
    const served = (address: string) => expect.objectContaining({ status: 200, body: expect.stringContaining(`"at":"${address}"`) })
    expect(answers).toEqual([served(us.v4), served(ru.v4), served(us.v6), expect.objectContaining({ status: 200 }), served(us.v4)])
  })

  test('is told what is not', async () => {
    const { at } = await noCn()
    const requests = ['http://cn4.example/', `http://[${cn.v6}]/`, 'https://cn.example/', 'http://us4.example/']
    const answers = await world.client('undici.mjs', { proxy: `http://${at}`, proxyTunnel, requests })
    const refusedTunnel = { error: expect.stringMatching(/403|Proxy response/) }
    const page = {
      status: 403,
      proxyStatus: expect.stringContaining('error=http_request_denied'),
      body: expect.stringMatching(/(all 3|both) sources place in China \(CN\)/),
    }
    const plain = proxyTunnel ? refusedTunnel : page
    expect(answers).toEqual([plain, plain, refusedTunnel, expect.objectContaining({ status: 200 })])
    expect(await world.reached()).toEqual([`${us.v4}:80`])
  })
})

describe.each([
  { by: 'undici', scheme: 'ws' },
  { by: 'undici', scheme: 'wss' },
  { by: 'connect', scheme: 'ws' },
  { by: 'connect', scheme: 'wss' },
  { by: 'upgrade', scheme: 'ws' },
])('a WebSocket by $by over $scheme', ({ by, scheme }) => {
  test('speaks with a permitted host', async () => {
    const { at, count, ended } = await noCn()
    const before = count()
    expect(await world.client('web-socket.mjs', { proxy: `http://${at}`, url: `${scheme}://mixed.example/chat`, by })).toEqual({
      heard: `${us.v4} heard hello`,
    })
    const [record] = await ended(before)
    expect(record).toMatchObject({ asked: 'mixed.example', verdict: 'allow', would: 'steer', dialled: us.v4 })
    expect(record?.up).toBeGreaterThan(100)
  })

  test('is refused to a forbidden one', async () => {
    const { at } = await noCn()
    expect(await world.client('web-socket.mjs', { proxy: `http://${at}`, url: `${scheme}://cn.example/chat`, by })).toEqual({
      error: expect.any(String),
    })
    expect(await world.reached()).toEqual([])
  })
})
