/** Chromium, told nothing but where the PAC is: it goes through the door, and nowhere where there is none. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { chromium, chromiumEnv, chromiumFlags } from '../support/chromium.ts'
import { hosts } from '../support/world-map.ts'
import { type Ringfence, useWorld } from '../support/world-setup.ts'

const { us } = hosts
const world = useWorld()
const withPage = world.shared({ policy: 'no-cn', settings: { web: { listen: '127.0.0.1:0' } } })

const PAGE_MS = 40_000

beforeEach((context) => {
  if (chromium === undefined) context.skip('chromium is not installed')
})

/** The line of the page follows those of the doors. */
const pacOf = async ({ output }: Ringfence): Promise<string> =>
  await vi.waitFor(() => {
    const page = /page at (http:\/\/127\.0\.0\.1:[0-9]+\/)/.exec(output())?.[1]
    if (page === undefined) throw new Error('no page yet')
    return `${page}proxy.pac`
  }, 10_000)

/** What a page has become, as HTML. */
async function show(url: string, pac: string): Promise<string> {
  const profile = fs.mkdtempSync(path.join(world.folder, 'chromium-'))
  const options = [...chromiumFlags(profile), `--proxy-pac-url=${pac}`, '--timeout=15000', '--dump-dom', url]
  const env = chromiumEnv(profile)
  return (await world.inside.run([chromium ?? '', ...options], { milliseconds: PAGE_MS, env })).stdout
}

test('a permitted page is shown, by the door; a forbidden one is not', { timeout: 3 * PAGE_MS }, async () => {
  const running = await withPage()
  const pac = await pacOf(running)
  expect(await show('http://us4.example/page', pac)).toContain(`served at ${us.v4}`)
  expect(await running.flows('--host', 'us4.example', '--verdict', 'allow')).not.toEqual([])
  expect(await show('http://cn4.example/page', pac)).toContain('This connection was blocked')
  expect((await world.reached()).filter((where) => !where.startsWith(`${us.v4}:`))).toEqual([])
})

test('the page itself is shown when it is opened by its address, and not through the door', { timeout: PAGE_MS }, async () => {
  const running = await withPage()
  const pac = await pacOf(running)
  const page = pac.replace('proxy.pac', '')
  expect(await show(page, pac)).toContain('A geo-fencing proxy runs on this machine')
  const through = await world.curl(['--noproxy', '', '--proxy', `http://${running.at}`, page])
  expect(through.stdout).toMatch(/^HTTP\/1\.1 403 .*Ringfence's own door/s)
})

test('where a PAC cannot be had, Chromium goes direct: that is why firewall rules are printed as well', { timeout: PAGE_MS }, async () => {
  expect(await show('http://us4.example/page', 'http://127.0.0.1:9/proxy.pac')).toContain(`served at ${us.v4}`)
})

test('where the door does not answer, nothing goes direct', { timeout: 2 * PAGE_MS }, async () => {
  const first = await world.ringfence({ policy: 'no-cn', settings: { web: { listen: '127.0.0.1:0' } } })
  const pac = await world.curl([await pacOf(first)])
  await first.stop()
  const text = pac.stdout.split('\r\n\r\n')[1] ?? ''
  expect(text).toContain(`PROXY ${first.at}`)
  const url = `data:application/x-ns-proxy-autoconfig;base64,${Buffer.from(text).toString('base64')}`
  expect(await show('http://us4.example/page', url)).not.toContain('served at')
  expect(await world.reached()).toEqual([])
})
