import { describe, expect, test } from 'vitest'
import { noApps } from '../../src/model/app.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import type { Flow, FlowId, KnownName } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { identify, type Known } from '../../src/pipeline/identify.ts'
import { type Claims, PEEK_MS, peek, watch, withClaims, withProofs } from '../../src/pipeline/peek.ts'
import type { FirstBytes } from '../../src/pipeline/ports.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { ip, name, tableResolver } from '../support/fake-ports.ts'
import { message, record, serverName } from '../wire/hello.ts'
import { ascii, concat } from '../wire/support.ts'

const never = new AbortController().signal
const hello = (host: string): Uint8Array => record(message([serverName(host)]))

const flow: Flow = {
  id: 'f' as FlowId,
  openedAt: 0,
  inbound: 'mixed',
  network: 'tcp',
  client: { host: ip('127.0.0.1'), port: 5 },
  who: anonymous,
  asked: { host: { kind: 'ip', ip: ip('52.81.151.250') }, port: 443 },
}
const known: Known = identify(flow, 0, noApps)

const policy = (except: string) =>
  compilePolicy(
    `version: 1\nmode: enforce\nuncertain: { disputed: block, unknown: block, anycast: allow }\nfences:\n  - { name: f, never: [CN]${except} }`,
    'p.yaml',
    'p',
  )
const plain = policy('')
const excepting = policy(', except: [{ host: zoom.us, reason: sign-in }]')

/** First bytes that are all there at once, as a client sends them; `asks` collects how long they were to be held. */
function firstBytes(
  bytes: Uint8Array,
  why: 'time' | 'ended' = 'time',
): FirstBytes & { readonly asks: number[]; show(upTo: number): boolean } {
  const asks: number[] = []
  let watcher: (fresh: Uint8Array) => boolean = () => true
  let shown = 0
  return {
    asks,
    async hold(see, milliseconds) {
      asks.push(milliseconds)
      for (let at = 0; at < bytes.length; at++) if (see(bytes.subarray(at, at + 1))) return 'enough'
      return why
    },
    watch(see) {
      watcher = see
    },
    show(upTo) {
      const fresh = bytes.subarray(shown, upTo)
      shown = upTo
      return watcher(fresh)
    },
  }
}

const claim = (text: string): KnownName => ({ name: name(text), origin: 'sni', provedAt: null })

describe('peek', () => {
  test('it holds the first bytes for at most 300 ms and adds the server name that they claim', async () => {
    const first = firstBytes(hello('zoom.us'))
    const more = await peek(first, known, plain, tableResolver(), never)
    expect(first.asks).toEqual([PEEK_MS])
    expect(PEEK_MS).toBe(300)
    expect(more.names).toEqual([{ name: 'zoom.us', origin: 'sni', provedAt: null }])
    expect(more.namesFinal).toBe(true)
  })

  test('it adds the Host of a request', async () => {
    const more = await peek(firstBytes(ascii('GET / HTTP/1.1\r\nHost: zoom.us\r\n\r\n')), known, plain, tableResolver(), never)
    expect(more.names).toMatchObject([{ name: 'zoom.us', origin: 'http-host' }])
  })

  test('bytes of a protocol that names no server end the names', async () => {
    const more = await peek(firstBytes(ascii('SSH-2.0-OpenSSH_9.6\r\n')), known, plain, tableResolver(), never)
    expect(more).toMatchObject({ names: [], namesFinal: true })
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['half a hello', hello('zoom.us').subarray(0, 30)],
  ])('after %s a name may still come', async (_, bytes) => {
    const more = await peek(firstBytes(bytes), known, plain, tableResolver(), never)
    expect(more).toMatchObject({ names: [], namesFinal: false })
  })

  test('a client that left meanwhile is given up as gone', async () => {
    await expect(
      peek(
        firstBytes(hello('zoom.us')),
        known,
        plain,
        tableResolver(),
        AbortSignal.abort(new RingfenceError('client.gone', 'the client left')),
      ),
    ).rejects.toMatchObject({
      code: 'client.gone',
    })
  })
})

const claims: Claims = { names: [{ name: name('zoom.us'), origin: 'sni' }], hidden: false }

describe('a claimed name', () => {
  test('is looked up only where an exception by host asks for proof', async () => {
    const resolver = tableResolver({ 'zoom.us': ['52.81.151.250'] })
    await withProofs(withClaims(known, claims), plain, resolver)
    expect(resolver.asked).toEqual([])
    await withProofs(withClaims(known, claims), excepting, resolver)
    expect(resolver.asked).toEqual(['zoom.us'])
  })

  test('is proved at the addresses of its own look-up, embedded ones unfolded', async () => {
    const resolver = tableResolver({ 'zoom.us': ['52.81.151.250', '64:ff9b::102:304'] })
    const { names } = await withProofs(withClaims(known, claims), excepting, resolver)
    expect(names).toEqual([{ name: 'zoom.us', origin: 'sni', provedAt: new Set(['52.81.151.250', '1.2.3.4']) }])
  })

  test('whose look-up fails is not known to be proved', async () => {
    const { names } = await withProofs(withClaims(known, claims), excepting, tableResolver())
    expect(names).toEqual([claim('zoom.us')])
  })

  test('that was asked for is known already', async () => {
    const asked: Known = { ...known, names: [{ name: name('zoom.us'), origin: 'asked', provedAt: 'everywhere' }] }
    expect(await withProofs(withClaims(asked, claims), excepting, tableResolver())).toEqual(asked)
  })
})

test('first bytes that hide their name may be for any', async () => {
  // A hello whose server name cannot be read.
  const garbled = hello('zoom.us').map((byte, i, all) => (i === all.length - 6 ? 0xff : byte))
  const more = await peek(firstBytes(garbled), known, plain, tableResolver(), never)
  expect(more).toMatchObject({ namesFinal: true, anyName: true })
  const { first, learnt } = (() => {
    const first = firstBytes(garbled)
    const learnt: Claims[] = []
    watch(first, known, (claims) => learnt.push(claims))
    return { first, learnt }
  })()
  expect(first.show(1_000)).toBe(true)
  expect(learnt).toMatchObject([{ hidden: true }])
})

test('a client that ends before its name could be told may mean any; one that only waits may still say it', async () => {
  const half = hello('zoom.us').subarray(0, 30)
  expect(await peek(firstBytes(half, 'ended'), known, plain, tableResolver(), never)).toMatchObject({ namesFinal: true, anyName: true })
  expect(await peek(firstBytes(half, 'time'), known, plain, tableResolver(), never)).toMatchObject({ namesFinal: false, anyName: false })
  expect(await peek(firstBytes(new Uint8Array(0), 'ended'), known, plain, tableResolver(), never)).toMatchObject({ anyName: false })
})

test('a name that no exception could hold by is not looked up', async () => {
  const resolver = tableResolver({ 'evil.example': ['52.81.151.250'] })
  const evil: Claims = { names: [{ name: name('evil.example'), origin: 'sni' }], hidden: false }
  expect((await withProofs(withClaims(known, evil), excepting, resolver)).names).toMatchObject([{ name: 'evil.example', provedAt: null }])
  expect(resolver.asked).toEqual([])
})

describe('watch', () => {
  const learning = (bytes: Uint8Array, from: Known = known) => {
    const first = firstBytes(bytes)
    const learnt: Claims[] = []
    watch(first, from, (claims) => learnt.push(claims))
    return { first, learnt }
  }

  test('tells of a name once it is whole, and then stops', () => {
    const bytes = hello('zoom.us')
    const { first, learnt } = learning(concat(bytes, ascii('more')))
    expect(first.show(1)).toBe(false)
    expect(first.show(bytes.length - 1)).toBe(false)
    expect(learnt).toEqual([])
    expect(first.show(bytes.length)).toBe(true)
    expect(learnt).toMatchObject([claims])
    expect(first.asks).toEqual([])
  })

  test('says nothing of a name that is known, nor of bytes without one', () => {
    const asked: Known = { ...known, names: [{ name: name('zoom.us'), origin: 'asked', provedAt: 'everywhere' }] }
    const same = learning(hello('zoom.us'), asked)
    expect(same.first.show(1_000)).toBe(true)
    expect(same.learnt).toEqual([])
    const other = learning(ascii('SSH-2.0-OpenSSH_9.6\r\n'))
    expect(other.first.show(1_000)).toBe(true)
    expect(other.learnt).toEqual([])
  })
})
