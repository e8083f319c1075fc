/** curl, by every door: what is permitted is reached by name and by address, what is not is refused in the door's own words. */
import { describe, expect, test } from 'vitest'
import { hosts } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, ru, cn } = hosts
const world = useWorld()
const noCn = world.shared({ policy: 'no-cn' })

/** The IPv4 address is AWS's, whose own table speaks beside the two databases. */
const who = (address: string) => (address === cn.v4 ? 'all 3 sources' : 'both sources')

const sentenceOf = (asked: string, address: string) =>
  asked === address
    ? `Blocked: ${address} is an address that ${who(address)} place in China (CN); fence "no-cn" lets nothing reach it.`
    : `Blocked: ${asked} is at ${address}, which ${who(address)} place in China (CN); fence "no-cn" lets nothing reach it.`

interface Door {
  readonly name: string
  readonly proxy: (at: string) => readonly string[]
  /** Names are looked up by the proxy; where not, by curl, so that the proxy sees an address. */
  readonly carriesNames: boolean
  readonly carriesV6: boolean
  /** How curl reports a refusal: over http, and over https where that differs. */
  readonly refusal: { readonly status: number; readonly says: RegExp }
  readonly httpsRefusal?: { readonly status: number; readonly says: RegExp }
}

const connectRefusal = { status: 56, says: /CONNECT tunnel failed, response 403/ }
const socks4Refusal = { status: 97, says: /\(91\), request rejected or failed/ }
const socks5Refusal = { status: 97, says: /Can't complete SOCKS5 connection to .*\(2\)/ }

const doors: readonly Door[] = [
  {
    name: 'HTTP',
    proxy: (at) => ['--proxy', `http://${at}`],
    carriesNames: true,
    carriesV6: true,
    refusal: { status: 0, says: /^HTTP\/1\.1 403 Forbidden\r\n/ },
    httpsRefusal: connectRefusal,
  },
  {
    name: 'CONNECT',
    proxy: (at) => ['--proxytunnel', '--proxy', `http://${at}`],
    carriesNames: true,
    carriesV6: true,
    refusal: connectRefusal,
  },
  { name: 'SOCKS4', proxy: (at) => ['--socks4', at], carriesNames: false, carriesV6: false, refusal: socks4Refusal },
  { name: 'SOCKS4a', proxy: (at) => ['--socks4a', at], carriesNames: true, carriesV6: false, refusal: socks4Refusal },
  { name: 'SOCKS5', proxy: (at) => ['--socks5', at], carriesNames: false, carriesV6: true, refusal: socks5Refusal },
  { name: 'SOCKS5h', proxy: (at) => ['--socks5-hostname', at], carriesNames: true, carriesV6: true, refusal: socks5Refusal },
]

const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address)

describe.each(doors)('by $name', ({ proxy, carriesNames, carriesV6, refusal, httpsRefusal = refusal }) => {
  const permitted: readonly (readonly [asked: string, address: string])[] = [
    [us.v4, us.v4],
    [ru.v4, ru.v4],
    ['us4.example', us.v4],
    ...(carriesV6
      ? ([
          [us.v6, us.v6],
          [ru.v6, ru.v6],
          ['us6.example', us.v6],
        ] as const)
      : []),
  ]
  const forbidden: readonly (readonly [asked: string, address: string])[] = [
    [cn.v4, cn.v4],
    ['cn4.example', cn.v4],
    ...(carriesV6
      ? ([
          [cn.v6, cn.v6],
          ['cn6.example', cn.v6],
        ] as const)
      : []),
  ]

  test.each(permitted)('%s is reached at %s', async (asked, address) => {
    const { at } = await noCn()
    const answer = await world.curl([...proxy(at), `http://${inUrl(asked)}/`])
    expect(answer).toMatchObject({ status: 0, stderr: '' })
    expect(answer.stdout).toContain(`"at":"${address}"`)
    expect(await world.reached()).toEqual([`${address}:80`])
  })

  test('https is reached, and the origin sees the name', async () => {
    const { at } = await noCn()
    const answer = await world.curl([...proxy(at), ...(carriesV6 ? [] : ['-4']), 'https://us.example/'])
    expect(answer).toMatchObject({ status: 0, stderr: '' })
    expect(answer.stdout).toContain('"serverName":"us.example"')
    expect((await world.reached()).every((where) => where === `${us.v4}:443` || where === `${us.v6}:443`)).toBe(true)
  })

  test.each(forbidden)('%s at %s is refused, and nothing is dialled', async (asked, address) => {
    const { at } = await noCn()
    const plain = await world.curl([...proxy(at), `http://${inUrl(asked)}/`])
    expect(plain.status).toBe(refusal.status)
    expect(plain.stdout + plain.stderr).toMatch(refusal.says)
    const secure = await world.curl([...proxy(at), `https://${inUrl(asked)}/`])
    expect(secure.status).toBe(httpsRefusal.status)
    expect(secure.stderr).toMatch(httpsRefusal.says)
    expect(await world.reached()).toEqual([])
    const records = await (await noCn()).flows('--host', address, '--limit', '2')
    // Where curl looked the name up itself, the proxy never saw it.
    const known = carriesNames ? asked : address
    expect(records.map(({ asked, sentence }) => ({ asked, sentence }))).toEqual(
      [0, 1].map(() => ({ asked: known, sentence: sentenceOf(known, address) })),
    )
  })
})

describe('the refusal over HTTP', () => {
  const says = (text: string) => expect.stringContaining(text)

  test('is the sentence as text for programs, with Proxy-Status', async () => {
    const { at } = await noCn()
    const { stdout } = await world.curl(['--proxy', `http://${at}`, 'http://cn4.example/'])
    const sentence = sentenceOf('cn4.example', cn.v4)
    expect(stdout).toEqual(says('\r\nContent-Type: text/plain; charset=utf-8\r\n'))
    expect(stdout).toEqual(says(`\r\nProxy-Status: ringfence; error=http_request_denied; details="${sentence.replaceAll('"', '\\"')}"\r\n`))
    expect(stdout.endsWith(`\r\n\r\n${sentence}\n`)).toBe(true)
  })

  test('is a page for who accepts HTML', async () => {
    const { at } = await noCn()
    const { stdout } = await world.curl(['--proxy', `http://${at}`, '--header', 'Accept: text/html,*/*', 'http://cn4.example/'])
    expect(stdout).toEqual(says('<title>Blocked by Ringfence</title>'))
    expect(stdout).toEqual(says('fence &quot;no-cn&quot; lets nothing reach it.'))
  })

  test('of CONNECT has the same body and head', async () => {
    const { at } = await noCn()
    const { stdout } = await world.inside.run([
      'sh',
      '-c',
      'printf "CONNECT cn4.example:443 HTTP/1.1\\r\\nHost: cn4.example:443\\r\\n\\r\\n" | nc -w 3 127.0.0.1 "$0"',
      at.split(':')[1] ?? '',
    ])
    expect(stdout).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(stdout).toEqual(
      says('\r\nProxy-Status: ringfence; error=http_request_denied; details="Blocked: cn4.example is at 52.81.151.250,'),
    )
    expect(stdout.endsWith(`\r\n\r\n${sentenceOf('cn4.example', cn.v4)}\n`)).toBe(true)
  })

  test('keeps the connection: the next request on it is judged by itself', async () => {
    const { at } = await noCn()
    const urls = ['http://us4.example/', 'http://cn4.example/', 'http://ru.example/']
    const { stdout, stderr } = await world.curl(['--proxy', `http://${at}`, '-4', '--verbose', ...urls])
    expect([...stdout.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['200', '403', '200'])
    expect(stderr.match(/Re-using existing connection/g)).toHaveLength(2)
  })
})

describe('bodies', () => {
  test('a POST arrives whole, in either framing', async () => {
    const { at } = await noCn()
    const body = 'x'.repeat(100_000)
    for (const framing of [[], ['--header', 'Transfer-Encoding: chunked']]) {
      const answer = await world.curl(['--proxy', `http://${at}`, ...framing, '--data-binary', '@-', 'http://us4.example/'], {
        input: body,
      })
      expect(answer.stdout).toContain(`"body":"${body}"`)
    }
  })

  test.each(['http', 'https'])('4 MiB arrive unchanged over %s', async (scheme) => {
    const { at } = await noCn()
    const script = 'curl -sS --max-time 12 --cacert "$0" --proxy "http://$1" "$2://us.example/big" | sha256sum'
    const { stdout } = await world.inside.run(['sh', '-c', script, world.caFile, at, scheme])
    expect(stdout.split(' ')[0]).toBe('a117210941a0b00dcb2d8577e680d84b6fa0eaf760d2afc654c953b9859d54fa')
  })
})

describe('a whole shell', () => {
  const lower = (at: string) => ({ http_proxy: `http://${at}`, https_proxy: `http://${at}` })
  const upper = (at: string) => ({ ALL_PROXY: `socks5h://${at}` })
  test.each([
    { name: 'http_proxy and https_proxy', env: lower },
    { name: 'ALL_PROXY', env: upper },
  ])('with $name uses the fence without being told', async ({ env }) => {
    const { at, count, ended } = await noCn()
    const before = count()
    const script = `
      curl -sS --max-time 8 http://us4.example/
      curl -sS --max-time 8 --cacert ${world.caFile} https://us.example/
      curl -sS --max-time 8 --cacert ${world.caFile} https://cn.example/ || echo "https failed with $?"
    `
    const { stdout } = await world.inside.run(['sh', '-c', script], { env: env(at) })
    expect(stdout.match(/"at":/g)).toHaveLength(2)
    expect(stdout).toMatch(/https failed with (56|97)/)
    expect((await world.report()).accepted.some(({ address }) => address === cn.v4 || address === cn.v6)).toBe(false)
    expect((await ended(before, 3)).map(({ asked, verdict }) => `${asked} ${verdict}`).sort()).toEqual([
      'cn.example block',
      'us.example allow',
      'us4.example allow',
    ])
  })
})
