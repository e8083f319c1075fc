/** Chromium on a whole page: its scripts, pictures, uploads and WebSocket go the page's way, and what is forbidden of it does not. */
import { beforeEach, describe, expect, test } from 'vitest'
import { chromium, chromiumEnv, chromiumFlags } from '../support/chromium.ts'
import { openProxiedSite } from '../support/proxied-site.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { runProgram, testFolder } from '../support/run-program.ts'

const PAGE_MS = 40_000

beforeEach((context) => {
  if (chromium === undefined) context.skip('needs chromium')
})

/** Of one pixel. */
const picture = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** What the page finds out it tells by asking for `/report`, so that nobody has to wait for longer than it takes. */
const script = `
const told = { styled: getComputedStyle(document.body).color }
const load = (name, src) => new Promise((done) => {
  const image = new Image()
  image.onload = () => done(told[name] = 'shown')
  image.onerror = () => done(told[name] = 'broken')
  image.src = src
})
const chat = () => new Promise((done) => {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/chat')
  socket.onopen = () => socket.send('x'.repeat(200000))
  socket.onmessage = ({ data }) => { told.heard = data.length; socket.close() }
  socket.onerror = () => { told.heard = 'error' }
  socket.onclose = ({ wasClean }) => done(told.clean = wasClean)
})
const several = async () => {
  const sizes = await Promise.all(Array.from({ length: 12 }, (_, i) => fetch('/bytes/' + (300000 + i)).then((it) => it.arrayBuffer())))
  told.fetched = sizes.map(({ byteLength }) => byteLength)
}
const upload = async () => {
  const answer = await fetch('/up', { method: 'POST', body: new Uint8Array(1000000) })
  told.uploaded = (await answer.json()).bytes
}
Promise.all([load('picture', '/dot.gif'), load('forbidden', '//china.example/dot.gif'), chat(), several(), upload()])
  .catch((error) => { told.error = String(error) })
  .then(() => fetch('/report?' + encodeURIComponent(JSON.stringify(told))))
`

const pages = {
  '/': {
    type: 'text/html',
    body: '<!doctype html><title>p</title><link rel="stylesheet" href="/look.css"><body>page<script src="/page.js"></script>',
  },
  '/look.css': { type: 'text/css', body: 'body { color: rgb(1, 2, 3) }' },
  '/page.js': { type: 'text/javascript', body: script },
  '/dot.gif': { type: 'image/gif', body: picture },
}

describe.each([
  { by: 'http', over: 'clear' },
  { by: 'http', over: 'tls' },
  { by: 'socks5', over: 'clear' },
  { by: 'socks5', over: 'tls' },
] as const)('Chromium by $by, a page in $over', ({ by, over }) => {
  test('loads all of it but what is forbidden', { timeout: PAGE_MS + 5_000 }, async () => {
    const { site, proxy, at } = await openProxiedSite({ over, pages })
    const home = testFolder()
    const enough = new AbortController()
    const env = chromiumEnv(home)
    const url = `${over === 'tls' ? 'https' : 'http'}://page.example/`
    const args = [...chromiumFlags(home), '--ignore-certificate-errors', '--remote-debugging-port=0', `--proxy-server=${by}://${at}`, url]
    const browser = runProgram(chromium ?? '', args, { milliseconds: PAGE_MS, env, enough: enough.signal })
    const report = () => site.seen.find(({ path }) => path.startsWith('/report?'))
    await eventually('the page to tell', () => report() !== undefined, PAGE_MS - 5_000).finally(() => enough.abort())
    await browser
    expect(JSON.parse(decodeURIComponent(report()?.path.slice('/report?'.length) ?? ''))).toEqual({
      styled: 'rgb(1, 2, 3)',
      picture: 'shown',
      forbidden: 'broken',
      heard: 200_000,
      clean: true,
      fetched: Array.from({ length: 12 }, (_, i) => 300_000 + i),
      uploaded: 1_000_000,
    })
    await eventually('the flows to be over', () => proxy.open === 0)
    const judged = proxy.writer.decided.map(({ verdict, personal: { asked } }) => `${verdict} ${asked}`)
    expect(judged).toContain('allow page.example')
    expect(judged).toContain('block china.example')
    expect(judged).not.toContain('allow china.example')
  })
})
