import { expect, test } from 'vitest'
import { RecentAnswers } from '../../src/pipeline/recent-answers.ts'
import { hostname, ip } from '../policy/words.ts'
import { openProxy, policyText } from '../support/proxy-under-test.ts'

const [client, other, server] = ['192.0.2.1', '192.0.2.2', '198.51.100.7'].map(ip) as [never, never, never]
const zoom = hostname('zoom.us')

test('the last name that led a client to an address is kept for five minutes, for that client', () => {
  const answers = new RecentAnswers()
  answers.remember(client, hostname('old.example'), [server], 0)
  answers.remember(client, zoom, [server], 1_000)
  expect(answers.nameOf(client, server, 1_000)).toBe('zoom.us')
  expect(answers.nameOf(other, server, 1_000)).toBeNull()
  expect(answers.nameOf(client, server, 300_999)).toBe('zoom.us')
  expect(answers.nameOf(client, server, 301_000)).toBeNull()
})

test('they are bounded: the oldest is forgotten first', () => {
  const answers = new RecentAnswers()
  const address = (i: number) => ip(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  for (let i = 0; i < 20_001; i++) answers.remember(client, zoom, [address(i)], 0)
  expect(answers.nameOf(client, address(0), 0)).toBeNull()
  expect(answers.nameOf(client, address(1), 0)).toBe('zoom.us')
})

test('a name that led a client there is recorded when it connects to the address itself, and no fence goes by it', async () => {
  const names = { 'www.tiktok.com': ['170.114.1.1'] }
  const policy = policyText('enforce', '{ name: no-tiktok, traffic: { host: .tiktok.com, port: 443 }, never: anywhere }')
  const proxy = await openProxy({ policy, names, routes: { '170.114.1.1': 'refuses' } })
  const ask = async (target: string) => {
    const peer = await proxy.connect()
    peer.send(`GET http://${target}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    return /^HTTP\/1\.1 (\d+)/.exec(await peer.receivesEnd())?.[1]
  }
  expect(await ask('www.tiktok.com:80')).toBe('502')
  expect(await ask('170.114.1.1:443')).toBe('502')
  expect(proxy.writer.decided.at(-1)).toMatchObject({
    verdict: 'allow',
    personal: { names: [{ name: 'www.tiktok.com', origin: 'dns', proved: null }] },
  })
})
