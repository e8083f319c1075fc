/** Chromium, headless: a permitted page is shown, and in place of a forbidden one the fence's own. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { chromium, chromiumEnv, chromiumFlags } from '../support/chromium.ts'
import { hosts } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us } = hosts
const world = useWorld()
const noCn = world.shared({ policy: 'no-cn' })

const PAGE_MS = 40_000

beforeEach((context) => {
  if (chromium === undefined) context.skip('chromium is not installed')
})

/** What a page has become, as HTML. */
async function show(url: string, proxy: string): Promise<string> {
  const profile = fs.mkdtempSync(path.join(world.folder, 'chromium-'))
  const options = [
    ...chromiumFlags(profile),
    '--ignore-certificate-errors',
    `--proxy-server=${proxy}`,
    '--timeout=15000',
    '--dump-dom',
    url,
  ]
  const env = chromiumEnv(profile)
  return (await world.inside.run([chromium ?? '', ...options], { milliseconds: PAGE_MS, env })).stdout
}

describe.each(['http', 'socks5'])('by %s', (scheme) => {
  test('a permitted page is shown, over http and https', { timeout: 2 * PAGE_MS }, async () => {
    const { at } = await noCn()
    expect(await show('http://us4.example/page', `${scheme}://${at}`)).toContain(`served at ${us.v4}`)
    expect(await show('https://mixed.example/page', `${scheme}://${at}`)).toContain(`served at ${us.v4}`)
    expect((await world.reached()).filter((where) => !where.startsWith(`${us.v4}:`))).toEqual([])
  })

  test('a forbidden page is not', { timeout: PAGE_MS }, async () => {
    const { at, flows } = await noCn()
    const html = await show('http://cn4.example/page', `${scheme}://${at}`)
    if (scheme === 'http')
      expect(html).toMatch(/This connection was blocked.*cn4\.example is at 52\.81\.151\.250, which all 3 sources place in China \(CN\)/s)
    // SOCKS has no words: the browser shows an error of its own, of which a headless one prints nothing.
    else expect(html).not.toContain('served at')
    expect(await world.reached()).toEqual([])
    expect(await flows('--host', 'cn4.example', '--verdict', 'block')).not.toEqual([])
  })
})
