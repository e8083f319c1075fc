import http from 'node:http'
import net from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/web/listener.ts'
import { pacText } from '../../src/web/pac.ts'
import { ip } from '../policy/words.ts'

const parts = {
  doors: [{ at: '127.0.0.1:8080', login: false, secure: false }],
  pac: { directFallback: false, localDirect: false },
  localNames: [],
}

async function opened(host = '127.0.0.1') {
  const page = await listen({ listen: { host: ip(host), port: 0 }, parts, onTrouble: (error) => expect.fail(error.message) })
  if (page === null) throw new Error('a port that the system chose is taken')
  onTestFinished(() => page.stop())
  return page
}

/** Sends bytes and reads to the end of the connection. */
const said = (port: number, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no end after: ${text}`)))
    socket.on('end', () => resolve(text)).on('error', reject)
  })

test('the PAC is served with its type and nothing that another site could use', async () => {
  const { bound } = await opened()
  const answer = await fetch(`http://127.0.0.1:${bound.port}/proxy.pac`)
  expect(answer.status).toBe(200)
  expect(await answer.text()).toBe(pacText(parts))
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/x-ns-proxy-autoconfig',
    'cache-control': 'no-store',
    'content-security-policy': expect.stringMatching(/^default-src 'none';/),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
})

test('HEAD has no body', async () => {
  const { bound } = await opened()
  const text = await said(bound.port, `HEAD /proxy.pac HTTP/1.1\r\nHost: localhost:${bound.port}\r\nConnection: close\r\n\r\n`)
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(text).toContain(`Content-Length: ${pacText(parts).length}\r\n`)
  expect(text.endsWith('\r\n\r\n')).toBe(true)
})

test('on IPv6 it answers to its own address in brackets', async (context) => {
  const page = await opened('::1').catch(() => null)
  if (page === null) return context.skip('there is no IPv6 here')
  expect((await fetch(`http://[::1]:${page.bound.port}/`)).status).toBe(200)
})

test.each([
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 421],
  ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', 421],
  ['another Host', 'GET /proxy.pac HTTP/1.1\r\nHost: evil.example\r\n\r\n', 421],
  ['what is no HTTP', 'hello\r\n\r\n', 400],
  ['a head that is too large', `GET / HTTP/1.1\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`, 431],
  ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405],
  ['a POST that never sends its content', 'POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 10\r\n\r\n', 405],
  ['a GET with content', 'GET / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n', 413],
  ['an expectation that nobody knows', 'GET /x HTTP/1.1\r\nHost: HERE\r\nExpect: tea\r\n\r\n', 404],
  ['an upgrade', 'GET /x HTTP/1.1\r\nHost: HERE\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 404],
])('%s is told what is wrong, and the connection ends', async (_, request, status) => {
  const { bound } = await opened()
  const text = await said(bound.port, request.replace('HERE', `127.0.0.1:${bound.port}`))
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  const [head = '', body = ''] = text.split('\r\n\r\n')
  expect(head).toMatch(/content-type: application\/problem\+json/i)
  expect(head).toMatch(/content-security-policy: default-src 'none'/i)
  expect(JSON.parse(body)).toMatchObject({ status, detail: expect.stringMatching(/\.$/) })
})

test('an address that is taken is an answer, not a fault', async () => {
  const { bound } = await opened()
  expect(await listen({ listen: bound, parts, onTrouble: () => {} })).toBeNull()
})

test('stopping ends what is still open', async () => {
  const page = await opened()
  const agent = new http.Agent({ keepAlive: true })
  await new Promise<void>((resolve, reject) => {
    http
      .get({ port: page.bound.port, host: '127.0.0.1', agent }, (response) => response.resume().on('end', () => resolve()))
      .on('error', reject)
  })
  await page.stop()
  await expect(fetch(`http://127.0.0.1:${page.bound.port}/`)).rejects.toThrow()
})
