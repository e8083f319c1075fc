import { describe, expect, test } from 'vitest'
import { basic, loginOf } from '../support/made-up-login.ts'
import { answersAfterFin, echo, ok, startHttpOrigin, startOrigin } from '../support/origin-server.ts'
import { eventually, openProxy, type World } from '../support/proxy-under-test.ts'

const AMERICA = '170.114.1.1'
const SECRET = 'pä:ss wort'

const get = (path: string, ...fields: readonly string[]) =>
  [`GET http://a.com${path} HTTP/1.1`, 'Host: a.com', ...fields, '', ''].join('\r\n')
const connect = (...fields: readonly string[]) => ['CONNECT a.com:443 HTTP/1.1', 'Host: a.com:443', ...fields, '', ''].join('\r\n')

const answersIn = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))

async function web(world: World & { headMs?: number; login?: ReturnType<typeof loginOf> } = {}) {
  const origin = await startHttpOrigin(() => ok('served'))
  const login = world.login ?? loginOf({ anna: SECRET, bob: 'other' })
  const proxy = await openProxy({ names: { 'a.com': [AMERICA] }, routes: { [AMERICA]: origin.port }, ...world, login })
  return { origin, proxy, login, client: await proxy.connect() }
}

describe('a request', () => {
  test('with the right login is served, and the flow knows who asked', async () => {
    const { proxy, client } = await web()
    client.send(get('/', basic(`anna:${SECRET}`)))
    await client.receives('served')
    expect(proxy.offers.map(({ flow }) => flow.who)).toEqual([{ name: 'anna', groups: ['staff'], by: 'password' }])
    expect(proxy.loginsFailed).toEqual([])
  })

  test('without one is asked for it, in every form that there is, and is no flow', async () => {
    const { origin, proxy, client } = await web()
    client.send(get('/'))
    const text = await client.receives('password.\n')
    expect(text).toMatch(/^HTTP\/1\.1 407 Proxy Authentication Required\r\n/)
    expect(text).toContain('\r\nProxy-Authenticate: Basic realm="Ringfence", charset="UTF-8"\r\n')
    expect(text).toContain('\r\nProxy-Status: ringfence; error=http_request_denied; details="This proxy asks for a name and a password."')
    expect(text).not.toMatch(/\r\nConnection: close/)
    expect([proxy.offers, proxy.loginsFailed, origin.heads]).toEqual([[], [], []])
  })

  test.each([
    ['a wrong password', basic('anna:wrong'), 'anna'],
    ['an unknown name', basic('my secret:anna'), null],
    ['another scheme', 'Proxy-Authorization: Bearer xyz', undefined],
    ['no base64', 'Proxy-Authorization: Basic %%%', undefined],
    ['an empty field', 'Proxy-Authorization:', undefined],
    ['a login for the origin', basic(`anna:${SECRET}`).replace('Proxy-', ''), undefined],
  ])('with %s is asked again, on the same connection, and then served', async (_, field, told) => {
    const { proxy, client } = await web()
    client.send(get('/', field))
    await client.receives('407')
    client.send(get('/', basic(`anna:${SECRET}`)))
    await client.receives('served')
    expect(answersIn(client.text)).toEqual([407, 200])
    expect(proxy.loginsFailed).toEqual(told === undefined ? [] : [told])
    expect(proxy.offers).toHaveLength(1)
  })

  test('the answer to a wrong password and to an unknown name is the same', async () => {
    const answerTo = async (field: string) => {
      const { client } = await web()
      client.send(get('/', field))
      return (await client.receives('wrong.\n')).replace(/Date: .*/, '')
    }
    expect(await answerTo(basic('anna:wrong'))).toBe(await answerTo(basic('nobody:wrong')))
  })

  test('each is asked by itself: a connection carries those of several people, and of nobody', async () => {
    const { proxy, client } = await web()
    client.send(get('/1', basic(`anna:${SECRET}`)))
    await client.receives('served')
    client.send(get('/2') + get('/3', basic('bob:other')))
    await client.until('three answers', () => answersIn(client.text).length === 3)
    expect(answersIn(client.text)).toEqual([200, 407, 200])
    expect(proxy.offers.map(({ flow }) => flow.who.name)).toEqual(['anna', 'bob'])
  })

  test('with a body is asked, and the connection closed: the body is no request', async () => {
    const { proxy, client } = await web()
    const body = get('/', basic(`anna:${SECRET}`))
    client.send(`POST http://a.com/ HTTP/1.1\r\nHost: a.com\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    const text = await client.receivesEnd()
    expect(answersIn(text)).toEqual([407])
    expect(text).toContain('\r\nConnection: close\r\n')
    expect(proxy.offers).toEqual([])
  })

  test('of HTTP/1.0 is asked and closed', async () => {
    const { client } = await web()
    client.send('GET http://a.com/ HTTP/1.0\r\n\r\n')
    expect(answersIn(await client.receivesEnd())).toEqual([407])
  })

  test('with two logins is malformed, whatever they say', async () => {
    const { proxy, login, client } = await web()
    client.send(get('/', basic(`anna:${SECRET}`), basic(`anna:${SECRET}`)))
    expect(answersIn(await client.receivesEnd())).toEqual([400])
    expect([proxy.offers, login.asked, proxy.malformed]).toEqual([[], 0, ['HTTP: several fields Proxy-Authorization']])
  })
})

describe('the login', () => {
  test.each([
    ['as it is', []],
    ['that Connection names', ['Connection: Proxy-Authorization']],
    ['where nobody was asked for it', []],
  ])('%s never reaches the origin', async (what, fields) => {
    const origin = await startHttpOrigin(() => ok('served'))
    const login = what === 'where nobody was asked for it' ? {} : { login: loginOf({ anna: SECRET }) }
    const proxy = await openProxy({ names: { 'a.com': [AMERICA] }, routes: { [AMERICA]: origin.port }, ...login })
    const client = await proxy.connect()
    client.send(get('/', basic(`anna:${SECRET}`), 'Authorization: Basic for-the-origin', ...fields))
    await client.receives('served')
    expect(origin.heads.join()).toContain('Authorization: Basic for-the-origin')
    expect(origin.heads.join()).not.toMatch(/proxy-authorization/i)
    expect(origin.heads.join()).not.toContain(Buffer.from(`anna:${SECRET}`).toString('base64'))
  })

  test('is not asked for where the door is open, and nobody is believed to be who they say', async () => {
    const origin = await startHttpOrigin(() => ok('served'))
    const proxy = await openProxy({ names: { 'a.com': [AMERICA] }, routes: { [AMERICA]: origin.port } })
    const client = await proxy.connect()
    client.send(get('/', basic('anna:anything')))
    await client.receives('served')
    expect(proxy.offers[0]?.flow.who).toEqual({ name: 'anonymous', groups: [], by: null })
  })

  test('whose check takes too long is told so, and the connection closed', async () => {
    const { proxy, client } = await web({ headMs: 200, login: loginOf({ anna: SECRET }, true) })
    client.send(get('/', basic(`anna:${SECRET}`)))
    const text = await client.receivesEnd()
    expect(text).toMatch(/^HTTP\/1\.1 503 [\s\S]*Too many logins wait for their check/)
    expect([proxy.offers, proxy.loginsFailed, proxy.failed]).toEqual([[], [], []])
  })

  test('that is not checked, since too many have failed, may be tried again later', async () => {
    const { proxy, client } = await web({ login: { asked: 0, has: () => true, authenticate: async () => ({ retryAfterMs: 5_001 }) } })
    client.send(get('/', basic(`anna:${SECRET}`)))
    const text = await client.receivesEnd()
    expect(text).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*\r\nRetry-After: 6\r\n/)
    expect([proxy.offers, proxy.loginsFailed, proxy.failed]).toEqual([[], [], []])
  })

  test('of a client that left meanwhile is forgotten', async () => {
    const { proxy, login, client } = await web({ login: loginOf({ anna: SECRET }, true) })
    client.send(get('/', basic(`anna:${SECRET}`)))
    await eventually('the check to begin', () => login.asked === 1)
    client.reset()
    await proxy.stop(0)
    expect([proxy.offers, proxy.loginsFailed, proxy.failed]).toEqual([[], [], []])
  })
})

describe('CONNECT', () => {
  test('with the right login opens a tunnel', async () => {
    const origin = await startOrigin(echo)
    const { proxy, client } = await web({ routes: { [AMERICA]: origin.port } })
    client.send(connect(basic(`anna:${SECRET}`)))
    await client.receives('established\r\n\r\n')
    client.send('ping')
    await client.receives('ping')
    expect(proxy.offers[0]?.flow.who.name).toBe('anna')
  })

  test('is asked, and may try again on the same connection', async () => {
    const origin = await startOrigin(answersAfterFin((said) => `you said ${said}`))
    const { proxy, client } = await web({ routes: { [AMERICA]: origin.port } })
    client.send(connect())
    await client.receives('password.\n')
    client.send(connect(basic('anna:wrong')))
    await client.receives('wrong.\n')
    client.send(connect(basic(`anna:${SECRET}`)))
    await client.receives('established\r\n\r\n')
    client.send('all')
    client.end()
    expect(await client.receivesEnd()).toMatch(/you said all$/)
    expect([proxy.offers.length, proxy.loginsFailed]).toEqual([1, ['anna']])
  })

  test('whose client did not wait for the answer is closed: bytes for the tunnel are no request', async () => {
    const { proxy, client } = await web()
    client.send(connect() + get('/', basic(`anna:${SECRET}`)))
    expect(answersIn(await client.receivesEnd())).toEqual([407])
    expect(proxy.offers).toEqual([])
  })
})
