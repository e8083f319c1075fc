import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TlsFiles } from '../../src/config/settings.ts'
import { checkTls, readTls } from '../../src/config/tls.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { issueForDoor, makeAuthority } from '../support/certificates.ts'

const authority = makeAuthority()
const door = issueForDoor(authority)
const other = issueForDoor(authority)
const files: TlsFiles = { certificate: 'door.pem', key: 'door.key', clients: 'ca.pem' }
const good = { ...door, clients: authority.certificate }

const inAYear = () => Date.now() + 365 * 86_400_000

test('what fits each other is good, and a chain may follow', () => {
  expect(checkTls(good, files, Date.now())).toEqual([])
  expect(checkTls({ ...good, certificate: `${door.certificate}\n${authority.certificate}` }, files, Date.now())).toEqual([])
  expect(checkTls({ ...door, clients: null }, { ...files, clients: null }, Date.now())).toEqual([])
})

test('what has expired, or is not valid yet, is told and used all the same', () => {
  expect(checkTls(good, files, inAYear())).toEqual([
    expect.stringMatching(/^door\.pem: the certificate CN=localhost expired on /),
    expect.stringMatching(/^ca\.pem: the certificate CN=authority expired on /),
  ])
  expect(checkTls(good, files, 0)).toContainEqual(expect.stringMatching(/^door\.pem: the certificate CN=localhost is not valid before /))
})

describe('files that cannot be used are told by name', () => {
  const block = (kind: string) => `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`
  test.each([
    [{ ...good, certificate: 'nothing' }, 'door.pem: there is no certificate in it (-----BEGIN CERTIFICATE-----)'],
    [{ ...good, certificate: block('CERTIFICATE') }, 'door.pem: a certificate in it is damaged'],
    [{ ...good, key: other.key }, 'door.key: this is not the key of the certificate in door.pem'],
    [{ ...good, key: 'nothing' }, 'door.key: there is no private key in it that can be read'],
    [
      { ...good, key: block('ENCRYPTED PRIVATE KEY') },
      'door.key: the key is encrypted, and nobody is there to ask for its password: store it without one',
    ],
    [{ ...good, clients: 'nothing' }, 'ca.pem: there is no certificate in it (-----BEGIN CERTIFICATE-----)'],
    [{ ...good, clients: door.certificate }, 'ca.pem: no certificate in it is one of an authority, so that it can vouch for no client'],
  ])('%#', (material, message) => {
    expect(() => checkTls(material, files, Date.now())).toThrow(new OperatorError(message))
  })
})

test('one that is not there is told by name', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-tls-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const at = (name: string) => path.join(folder, name)
  fs.writeFileSync(at('door.pem'), door.certificate)
  expect(() => readTls({ certificate: at('door.pem'), key: at('door.key'), clients: null })).toThrow(
    new OperatorError(`${at('door.key')}: there is no such file`),
  )
  fs.writeFileSync(at('door.key'), door.key, { mode: 0o600 })
  expect(readTls({ certificate: at('door.pem'), key: at('door.key'), clients: null })).toEqual({ ...door, clients: null })
})
