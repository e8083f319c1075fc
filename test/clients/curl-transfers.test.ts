/** curl in each of its proxy modes: what it sends and what it gets, to the byte at both ends, and what the record says of it. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { findProgram } from '../support/listening-program.ts'
import { loginOf } from '../support/made-up-login.ts'
import { AMERICA, AMERICA_V6, authority, CHINA, expectRecordsToMatch, openProxiedSite } from '../support/proxied-site.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { type RunProgramOptions, runProgram, testFolder } from '../support/run-program.ts'
import { patternBytes, sha256 } from '../support/web-site.ts'

const BIG = 5_000_000
/** More than the buffers of two connections hold. */
const SLOW = 16_000_000

beforeEach((context) => {
  if (findProgram('curl') === null) context.skip('needs curl')
})

const curl = (args: readonly string[], options?: RunProgramOptions) =>
  runProgram('curl', ['-q', '--silent', '--show-error', '--max-time', '12', ...args], options)

const open = async (...how: Parameters<typeof openProxiedSite>) => {
  const folder = testFolder()
  fs.writeFileSync(path.join(folder, 'ca.pem'), authority.certificate)
  return { ...(await openProxiedSite(...how)), folder, ca: ['--cacert', path.join(folder, 'ca.pem')] }
}

interface Mode {
  readonly name: string
  readonly proxy: (at: string) => readonly string[]
  /** Where not, curl looks names up itself: the proxy is given an address. */
  readonly host: string
  /** The HTTP door answers each request by itself; through all others curl's own connection to the origin is kept. */
  readonly tunnels: boolean
  /** How curl reports a refusal. */
  readonly refused: { readonly status: number; readonly says: RegExp }
}

const socks4 = { status: 97, says: /\(91\), request rejected or failed/ }
const socks5 = { status: 97, says: /Can't complete SOCKS5 connection to .*\(2\)/ }

const modes: readonly Mode[] = [
  { name: '-x http', proxy: (at) => ['-x', `http://${at}`], host: 'page.example', tunnels: false, refused: { status: 22, says: /403/ } },
  {
    name: '-p -x http',
    proxy: (at) => ['-p', '-x', `http://${at}`],
    host: 'page.example',
    tunnels: true,
    refused: { status: 22, says: /CONNECT tunnel failed, response 403|error: 403/ },
  },
  { name: '--socks4', proxy: (at) => ['--socks4', at], host: AMERICA, tunnels: true, refused: socks4 },
  { name: '--socks4a', proxy: (at) => ['--socks4a', at], host: 'page.example', tunnels: true, refused: socks4 },
  { name: '--socks5', proxy: (at) => ['--socks5', at], host: AMERICA, tunnels: true, refused: socks5 },
  { name: '--socks5-hostname', proxy: (at) => ['--socks5-hostname', at], host: 'page.example', tunnels: true, refused: socks5 },
]

describe.each(modes)('curl $name', ({ proxy: through, host, tunnels, refused }) => {
  test('keeps one connection for several requests', async () => {
    const opened = await open()
    const urls = [1, 2, 3].map((i) => `http://${host}/${i}`)
    const discard = urls.flatMap((url) => ['--output', '/dev/null', url])
    const { status, stdout } = await curl([...through(opened.at), '--write-out', '%{http_code} %{num_connects}\n', ...discard])
    expect({ status, stdout }).toEqual({ status: 0, stdout: '200 1\n200 0\n200 0\n' })
    expect(opened.site.seen.map((seen) => seen.path)).toEqual(['/1', '/2', '/3'])
    await expectRecordsToMatch(opened, tunnels ? 1 : 3)
    const [record] = opened.proxy.writer.decided
    expect(record).toMatchObject({ verdict: 'allow', port: 80, network: 'tcp', personal: { asked: host } })
    expect(opened.proxy.writer.ended[0]).toMatchObject({ dialled: AMERICA, code: null })
  })

  test('downloads as it is, with a length and in chunks', async () => {
    const opened = await open()
    for (const kind of ['bytes', 'chunks']) {
      const { status, bytes } = await curl([...through(opened.at), `http://${host}/${kind}/${BIG}`])
      expect({ status, sha256: sha256(bytes) }).toEqual({ status: 0, sha256: sha256(patternBytes(BIG)) })
    }
    await expectRecordsToMatch(opened, 2)
  })

  test('uploads a file and a pipe as they are', async () => {
    const opened = await open()
    const content = patternBytes(BIG)
    const file = path.join(opened.folder, 'upload')
    fs.writeFileSync(file, content)
    const urls = [`http://${host}/file`, `http://${host}/pipe`] as const
    expect((await curl([...through(opened.at), '-T', file, urls[0]])).status).toBe(0)
    expect((await curl([...through(opened.at), '-T', '-', urls[1]], { input: content })).status).toBe(0)
    const put = { method: 'PUT', bytes: BIG, sha256: sha256(content) }
    expect(opened.site.seen).toMatchObject([
      { ...put, headers: { 'content-length': String(BIG) } },
      { ...put, headers: { 'transfer-encoding': 'chunked' } },
    ])
    expect(opened.site.seen[1]?.headers).not.toHaveProperty('content-length')
    await expectRecordsToMatch(opened, 2)
  })

  // A proxied answer tells by its framing that it broke off; a tunnel carries the reset itself.
  test.each([
    ['truncated', 18, 'relay.truncated'],
    ['truncated-chunks', 18, 'relay.truncated'],
    ['reset', tunnels ? 56 : 18, 'relay.reset'],
  ])('reports a body that is %s: error %i', async (how, status, code) => {
    const opened = await open()
    const answer = await curl([...through(opened.at), `http://${host}/${how}/1000`])
    expect(answer.status).toBe(status)
    if (status === 18) expect(answer.bytes).toEqual(patternBytes(1_000))
    else expect(patternBytes(1_000).subarray(0, answer.bytes.length)).toEqual(answer.bytes)
    await opened.proxy.flowsOver(1)
    // What a tunnel carries is not looked at: it ended as its two ends wanted.
    const inTunnel = how === 'reset' ? code : null
    expect(opened.proxy.writer.ended).toMatchObject([{ code: tunnels ? inTunnel : code }])
  })

  test.each(['truncated', 'truncated-chunks'])('slow, gets all that came of a body that is %s', async (how) => {
    const { at } = await open()
    const answer = await curl([...through(at), '--limit-rate', '8M', `http://${host}/${how}/${SLOW}`])
    expect({ status: answer.status, bytes: answer.bytes.length }).toEqual({ status: 18, bytes: SLOW })
    expect(sha256(answer.bytes)).toBe(sha256(patternBytes(SLOW)))
  })

  test('fetches by TLS, and the name is in the record', async () => {
    const opened = await open({ over: 'tls' })
    const { status, bytes } = await curl([...opened.ca, ...through(opened.at), `https://${host}/bytes/100000`])
    expect({ status, sha256: sha256(bytes) }).toEqual({ status: 0, sha256: sha256(patternBytes(100_000)) })
    await expectRecordsToMatch(opened, 1)
    expect(opened.proxy.writer.decided).toMatchObject([{ verdict: 'allow', port: 443, personal: { asked: host } }])
  })

  test('is refused what is forbidden, and nothing is dialled', async () => {
    const { proxy, at } = await open()
    const { status, stderr } = await curl([...through(at), '--fail', `http://${CHINA}/`])
    expect(status).toBe(refused.status)
    expect(stderr).toMatch(refused.says)
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'block', personal: { asked: CHINA } }])
  })
})

describe('curl -x http', () => {
  test('waits for 100 Continue, and then sends it all', async () => {
    const opened = await open()
    const content = patternBytes(BIG)
    const args = ['-x', `http://${opened.at}`, '--verbose', '--expect100-timeout', '10', '-H', 'Expect: 100-continue']
    const { status, stderr } = await curl([...args, '--data-binary', '@-', 'http://page.example/'], { input: content })
    expect(status).toBe(0)
    expect(stderr).toMatch(/< HTTP\/1\.1 100 Continue/)
    expect(opened.site.seen).toMatchObject([{ method: 'POST', bytes: BIG, sha256: sha256(content) }])
    await expectRecordsToMatch(opened, 1)
  })

  test('sends nothing of a body that a final answer refused', async () => {
    const { at, site, proxy } = await open()
    const args = [
      '-x',
      `http://${at}`,
      '--expect100-timeout',
      '10',
      '-H',
      'Expect: 100-continue',
      '--write-out',
      ' %{http_code} %{size_upload}',
    ]
    const { status, stdout } = await curl([...args, '-T', '-', 'http://page.example/early'], { input: patternBytes(BIG) })
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'too large 413 0' })
    await proxy.flowsOver(1)
    expect(site.connections[0]?.bytesRead).toBeLessThan(1_000)
  })

  test('is told of a refusal while it still sends', async () => {
    const { at, proxy } = await open()
    const args = ['-x', `http://${at}`, '-H', 'Expect:', '-T', '-', '--write-out', ' %{http_code}']
    const { status, stdout } = await curl([...args, 'http://china.example/'], { input: patternBytes(SLOW) })
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/fence "nothing-to-china" lets nothing reach it\.\n 403$/),
    })
    expect(proxy.dialer.tried).toEqual([])
  })

  test.each([
    ['--data', 'a=1&b=2'],
    ['--json', '{"a":1}'],
    ['--form', 'a=1'],
  ])('posts with %s', async (option, data) => {
    const opened = await open()
    const { status, stdout } = await curl(['-x', `http://${opened.at}`, option, data, 'http://page.example/form'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ method: 'POST', path: '/form', headers: { host: 'page.example' } })
    expect(opened.site.seen[0]?.bytes).toBeGreaterThanOrEqual(data.length)
    await expectRecordsToMatch(opened, 1)
  })

  test('asks for a head, and goes on with the connection', async () => {
    const opened = await open()
    const url = 'http://page.example/bytes/5000'
    const wrote = ['--write-out', '%{num_connects} ', '--output', '/dev/null']
    const { stdout } = await curl([
      '-x',
      `http://${opened.at}`,
      '--head',
      ...wrote,
      url,
      '--next',
      '-x',
      `http://${opened.at}`,
      ...wrote,
      url,
    ])
    expect(stdout).toBe('1 0 ')
    expect(opened.site.seen.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
    await expectRecordsToMatch(opened, 2)
  })

  test('asks for ranges, and resumes', async () => {
    const opened = await open()
    const through = ['-x', `http://${opened.at}`]
    const middle = await curl([...through, '--range', '1000-1999', 'http://page.example/bytes/5000'])
    expect(middle.bytes).toEqual(patternBytes(5_000).subarray(1_000, 2_000))
    const file = path.join(opened.folder, 'part')
    fs.writeFileSync(file, patternBytes(1_234))
    expect((await curl([...through, '--continue-at', '-', '--output', file, 'http://page.example/bytes/5000'])).status).toBe(0)
    expect(fs.readFileSync(file)).toEqual(patternBytes(5_000))
    await expectRecordsToMatch(opened, 2)
  })

  test('speaks HTTP/1.0: chunks reach it as a body without any', async () => {
    const opened = await open()
    const { status, bytes } = await curl(['-x', `http://${opened.at}`, '-0', '--include', 'http://page.example/chunks/5000'])
    expect(status).toBe(0)
    expect(bytes.toString('latin1')).not.toMatch(/^transfer-encoding/im)
    expect(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).toEqual(patternBytes(5_000))
    await expectRecordsToMatch(opened, 1)
  })

  test('logs in, and the origin does not see how', async () => {
    const opened = await open({}, { login: loginOf({ anna: 'secret' }) })
    const url = 'http://page.example/'
    expect((await curl(['-x', `http://${opened.at}`, '--fail', url])).stderr).toMatch(/407/)
    const { status } = await curl(['-x', `http://${opened.at}`, '--proxy-user', 'anna:secret', url])
    expect(status).toBe(0)
    expect(opened.site.seen[0]?.headers).not.toHaveProperty('proxy-authorization')
    expect(opened.proxy.writer.decided).toMatchObject([{ personal: { user: 'anna' } }])
    await expectRecordsToMatch(opened, 1)
  })

  test('reaches an IPv6 literal, and a name that has only that', async () => {
    const opened = await open()
    for (const host of [`[${AMERICA_V6}]`, 'v6.example']) {
      for (const mode of [
        ['-x', `http://${opened.at}`],
        ['-p', '-x', `http://${opened.at}`],
        ['--socks5-hostname', opened.at],
      ])
        expect((await curl([...mode, `http://${host}/`])).status).toBe(0)
    }
    await expectRecordsToMatch(opened, 6)
    expect(new Set(opened.proxy.writer.ended.map(({ dialled }) => dialled))).toEqual(new Set([AMERICA_V6]))
  })

  test('speaks HTTP/2 with the origin inside its tunnel', async () => {
    const opened = await open({ over: 'http2' })
    const urls = ['bytes/5000000', 'b'].map((page) => `https://page.example/${page}`)
    const discard = urls.flatMap((url) => ['--output', '/dev/null', url])
    const args = [...opened.ca, '--http2', '-x', `http://${opened.at}`, '--write-out', '%{http_version} %{num_connects} %{size_download};']
    const { status, stdout } = await curl([...args, ...discard])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^2 1 5000000;2 0 \d+;$/)
    expect(opened.site.seen.map(({ version }) => version)).toEqual(['2.0', '2.0'])
    await expectRecordsToMatch(opened, 1)
  })

  test('in several processes at once is served each its own', async () => {
    const opened = await open()
    const sizes = Array.from({ length: 10 }, (_, i) => 100_000 + i)
    const answers = await Promise.all(sizes.map((size) => curl(['-x', `http://${opened.at}`, `http://page.example/bytes/${size}`])))
    expect(answers.map(({ bytes }) => sha256(bytes))).toEqual(sizes.map((size) => sha256(patternBytes(size))))
    await opened.proxy.flowsOver(sizes.length)
  })
})

/** Bytes that the kernel has taken and nobody has read yet, of all connections to and from these ports (proc(5)). */
function queuedBytes(...ports: readonly number[]): number {
  const rows = fs.readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)
  const queues = rows.flatMap((row) => {
    const [, local = '', remote = '', , waiting = ''] = row.trim().split(/\s+/)
    const isOurs = [local, remote].some((end) => ports.includes(Number.parseInt(end.split(':')[1] ?? '', 16)))
    return isOurs ? waiting.split(':').map((hex) => Number.parseInt(hex, 16)) : []
  })
  return queues.reduce((sum, bytes) => sum + bytes, 0)
}

const linux = test.skipIf(!fs.existsSync('/proc/net/tcp'))

linux.each([['-x'], ['-p', '-x']])('a slow curl %s holds the origin back, and leaving ends the flow', async (...mode) => {
  const { at, site, proxy, folder } = await open()
  const file = path.join(folder, 'received')
  const leaving = new AbortController()
  const slow = ['--limit-rate', '200k', '--output', file, 'http://page.example/endless']
  const curling = curl([...mode, `http://${at}`, ...slow], { enough: leaving.signal })
  // What neither the kernel nor curl has is here. The kernel takes tens of megabytes, more or less, and curl its 200 kB a
  // second in leaps, so the sum is told while nothing moves.
  let held = -1
  let still = 0
  await eventually('the origin to stall', () => {
    const [origin] = site.connections
    if (origin === undefined || !fs.existsSync(file)) return false
    const before = held
    held = origin.bytesWritten - origin.writableLength - queuedBytes(site.port, proxy.port) - fs.statSync(file).size
    still = held === before ? still + 1 : 0
    return still === 20
  })
  expect(held).toBeLessThan(1_000_000)
  leaving.abort()
  await curling
  await eventually('the origin to be left', () => site.connections[0]?.destroyed === true)
  await proxy.flowsOver(1)
  expect(proxy.writer.ended).toHaveLength(1)
})
