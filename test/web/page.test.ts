import net, { type AddressInfo } from 'node:net'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { openPage } from '../../src/web/page.ts'
import { folderWith } from '../cli/screen.ts'
import { ip } from '../policy/words.ts'

const doors = [{ name: 'mixed', bound: { host: ip('127.0.0.1'), port: 8080 } }]

async function opened(web: string, users = '') {
  const folder = folderWith({ 'ringfence.yaml': `web: ${web}\n${users}` })
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const page = await openPage(loadSettings({ config: `${folder}/ringfence.yaml` }), doors, log)
  onTestFinished(() => page.stop())
  return { page, lines }
}

async function taken(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the PAC names the doors as they are bound, by what the settings say of them', async () => {
  const { page } = await opened('{ listen: "127.0.0.1:0", pac: { direct_fallback: true } }', 'users: users.yaml')
  if (page.state.kind !== 'open') throw new Error('not open')
  const answer = await fetch(`http://127.0.0.1:${page.state.at.port}/proxy.pac`)
  expect(await answer.text()).toContain('return "PROXY 127.0.0.1:8080; DIRECT";')
})

test('off is no listener', async () => {
  expect((await opened('{ listen: off }')).page.state).toEqual({ kind: 'off' })
})

test('an address that the operator wrote and something else has is a fault that names the setting', async () => {
  const at = await taken()
  await expect(opened(`{ listen: "${at}" }`)).rejects.toThrow(
    `web.listen: something else listens on ${at}; stop it, choose another port, or set it to off`,
  )
})

test('the default address, which something else has, is a warning, and the proxy goes on', async () => {
  const at = await taken()
  const settings = loadSettings({ config: `${folderWith({ 'ringfence.yaml': `web: { listen: "${at}" }` })}/ringfence.yaml` })
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const page = await openPage({ ...settings, web: { ...settings.web, named: false } }, doors, log)
  expect(page.state).toMatchObject({ kind: 'taken' })
  expect(lines).toEqual([
    `there is no page and no PAC: something else listens on ${at}; web: { listen: "127.0.0.1:PORT" } in the settings gives the page another port`,
  ])
  await page.stop()
})

test('a door in the place of the page is called by its name', async () => {
  const at = await taken()
  const settings = loadSettings({ config: `${folderWith({ 'ringfence.yaml': `web: { listen: "${at}" }` })}/ringfence.yaml` })
  const own = [...doors, { name: 'here', bound: { host: ip('127.0.0.1'), port: Number(at.split(':')[1]) } }]
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const page = await openPage({ ...settings, web: { ...settings.web, named: false } }, own, log)
  expect(page.state).toMatchObject({ kind: 'taken', by: 'the door "here"' })
  expect(lines).toEqual([expect.stringContaining(`there is no page and no PAC: the door "here" listens on ${at}; web: { listen: `)])
  await expect(openPage(settings, own, log)).rejects.toThrow(
    `web.listen: the door "here" listens on ${at}; choose another port, or set it to off`,
  )
})
