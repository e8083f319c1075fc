import { expect, onTestFinished, test } from 'vitest'
import { servedPac } from '../../../src/cli/setup-check/pac.ts'
import { listen } from '../../../src/web/listener.ts'
import type { PacParts } from '../../../src/web/pac.ts'
import { ip } from '../../policy/words.ts'
import { freePort } from '../../support/listening-program.ts'
import { away, here } from '../setup/made-up.ts'
import { serverSaying, worldWith } from './made-up.ts'

async function served(parts: PacParts) {
  const page = await listen({ listen: { host: ip('127.0.0.1'), port: 0 }, parts, onTrouble: (error) => expect.fail(error.message) })
  if (page === null) throw new Error('taken')
  onTestFinished(() => page.stop())
  return await asked(page.bound.port)
}

const asked = async (port: number) =>
  (await servedPac(worldWith({ parameters: { ...here, pacUrl: `http://127.0.0.1:${port}/proxy.pac` } })))[0]

test('the page serves the PAC of these settings', async () => {
  expect(await served(here.pac)).toMatchObject({ state: 'ok', says: expect.stringMatching(/names 127\.0\.0\.1:8080, and no DIRECT$/) })
})

test('one that names the door, but says other things, is to look at; one that does not name it is amiss', async () => {
  expect(await served({ ...here.pac, pac: { directFallback: true, localDirect: false } })).toMatchObject({ state: 'warn' })
  expect(await served({ ...here.pac, doors: [{ at: '127.0.0.1:9', login: false, secure: false }] })).toMatchObject({
    state: 'fail',
    says: expect.stringContaining('does not name 127.0.0.1:8080'),
  })
})

test('a door that speaks TLS is named as such', async () => {
  const door = { ...here.door, secure: true }
  const parts = { ...here.pac, doors: [door] }
  const open = { ...parts, pac: { directFallback: true, localDirect: false } }
  const page = await listen({ listen: { host: ip('127.0.0.1'), port: 0 }, parts: open, onTrouble: (error) => expect.fail(error.message) })
  onTestFinished(() => page?.stop())
  const pacUrl = `http://127.0.0.1:${page?.bound.port}/proxy.pac`
  const found = async (change: object) => (await servedPac(worldWith({ parameters: { ...here, pacUrl, ...change } })))[0]
  expect(await found({ door, pac: open })).toMatchObject({ state: 'ok' })
  expect(await found({ door, pac: parts })).toMatchObject({ state: 'warn' })
  expect(await found({})).toMatchObject({ state: 'fail' })
})

test('nobody there, or somebody else', async () => {
  expect(await asked(await freePort())).toMatchObject({ state: 'fail', says: expect.stringContaining('nothing answers there') })
  expect(await asked(await serverSaying('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello'))).toMatchObject({
    state: 'fail',
    says: expect.stringContaining('is no PAC'),
  })
})

test('where there is none to ask, that is said', async () => {
  for (const parameters of [away, { ...here, pacUrl: null }])
    expect(await servedPac(worldWith({ parameters }))).toMatchObject([{ state: 'skipped' }])
})
