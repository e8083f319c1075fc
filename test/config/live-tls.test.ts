import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openTls } from '../../src/config/live-tls.ts'
import type { InboundSettings } from '../../src/config/settings.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { issueForDoor, makeAuthority } from '../support/certificates.ts'
import { ip } from '../support/fake-ports.ts'
import { openProxy } from '../support/proxy-under-test.ts'

const authority = makeAuthority()
const [first, second] = [issueForDoor(authority), issueForDoor(authority)]

function world() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-tls-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const files = { certificate: path.join(folder, 'door.pem'), key: path.join(folder, 'door.key'), clients: null }
  const write = ({ certificate, key }: typeof first, mode = 0o600) => {
    fs.writeFileSync(files.certificate, certificate)
    fs.writeFileSync(files.key, key, { mode })
  }
  const inbound: InboundSettings = {
    type: 'mixed',
    name: 'office',
    listen: { host: ip('127.0.0.1'), port: 0 },
    login: 'none',
    clients: [],
    tls: files,
    balancers: [],
  }
  const told: string[] = []
  const say =
    (level: string) =>
    (...words: readonly unknown[]) =>
      void told.push(`${level}: ${String(words.at(-1)).replaceAll(`${folder}/`, '')}`)
  const open = () => {
    const doors = openTls({ inbounds: [inbound] }, Date.now, { info: say('info'), warn: say('warn'), error: say('error') })
    onTestFinished(() => doors.stop())
    return doors
  }
  return { files, write, told, open }
}

test('the files of a door are read at once, and faults of theirs end the start', () => {
  const { files, write, told, open } = world()
  expect(open).toThrow(OperatorError)
  write({ ...first, key: second.key })
  expect(open).toThrow(`${files.key}: this is not the key of the certificate in ${files.certificate}`)
  write(first)
  expect(open().doors.has('office')).toBe(true)
  expect(told).toEqual([])
})

test('a key that others can read ends the start', () => {
  const { files, write, open } = world()
  write(first, 0o644)
  expect(open).toThrow(`${files.key}: every user of this machine can read the secret in it (mode 0644); run: chmod 600 ${files.key}`)
})

test('replaced files are taken within a second, bad ones refused once and those of before kept', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const { files, write, told, open } = world()
  write(first)
  const { doors } = open()
  const proxy = await openProxy({ tls: doors.get('office') ?? null })
  const shown = async () => {
    const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', ca: authority.certificate })
    await once(socket, 'secureConnect')
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }
  const before = await shown()
  // One after the other, as a renewal writes them: in between they do not fit.
  fs.writeFileSync(files.certificate, second.certificate)
  vi.advanceTimersByTime(3_000)
  expect(told).toEqual([
    'error: certificate not read anew: door.key: this is not the key of the certificate in door.pem; that of before stays',
  ])
  expect(await shown()).toBe(before)
  fs.writeFileSync(files.key, second.key)
  vi.advanceTimersByTime(1_000)
  expect(told.slice(1)).toEqual(['info: certificate read anew: door.pem'])
  expect(await shown()).not.toBe(before)
  fs.rmSync(files.key)
  vi.advanceTimersByTime(3_000)
  expect(told.slice(2)).toEqual(['error: certificate not read anew: door.key: there is no such file; that of before stays'])
  expect(await shown()).not.toBe(before)
})

test('a look can be asked for, as by a signal', () => {
  const { write, told, open } = world()
  write(first)
  const doors = open()
  write(second)
  doors.look()
  expect(told).toEqual(['info: certificate read anew: door.pem'])
})

test('doors in clear have no files', () => {
  const { open, write } = world()
  write(first)
  expect(openTls({ inbounds: [{ ...inboundInClear() }] }, Date.now, { info() {}, warn() {}, error() {} }).doors.size).toBe(0)
  open()
})

const inboundInClear = (): InboundSettings => ({
  type: 'mixed',
  name: 'mixed',
  listen: { host: ip('127.0.0.1'), port: 0 },
  login: 'none',
  clients: [],
  tls: null,
  balancers: [],
})
