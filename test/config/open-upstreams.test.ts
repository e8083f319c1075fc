import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openUpstreams } from '../../src/config/open-upstreams.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { folderWith } from '../cli/screen.ts'
import { ip } from '../support/fake-ports.ts'
import { certificate } from '../support/misbehaving-server.ts'

const server = { host: ip('10.0.0.1'), port: 3128 }

describe('passwords', () => {
  const open = (password: { readonly file: string } | { readonly env: string }, env = {}) =>
    openUpstreams([{ type: 'http', server, login: { name: 'anna', password }, tls: null }], env)

  test('are read once, from where they stand', async () => {
    const folder = folderWith({ secret: 'from-file\n' })
    fs.chmodSync(path.join(folder, 'secret'), 0o600)
    expect(await open({ file: path.join(folder, 'secret') })).toMatchObject([{ login: { name: 'anna', password: 'from-file' } }])
    expect(await open({ env: 'P' }, { P: 'from-env' })).toMatchObject([{ login: { password: 'from-env' } }])
  })

  test('that are not there, or do not fit, stop the start and say which', async () => {
    await expect(open({ env: 'P' })).rejects.toThrow('upstream[0].password: the environment variable P is not set')
    await expect(open({ env: 'P' }, { P: 'x'.repeat(256) })).rejects.toThrow(OperatorError)
  })
})

describe('the authority of a certificate', () => {
  const open = (ca: string | null) =>
    openUpstreams([{ type: 'http', server, login: null, tls: { host: { kind: 'ip', ip: server.host }, ca } }], {})

  test('is read from its file, each certificate by itself', async () => {
    const folder = folderWith({ 'ca.pem': `some words\n${certificate.cert}\n${certificate.cert}` })
    const [hop] = await open(path.join(folder, 'ca.pem'))
    const { fingerprint } = new X509Certificate(certificate.cert)
    expect(hop?.tls?.ca?.map((each) => new X509Certificate(each).fingerprint)).toEqual([fingerprint, fingerprint])
    expect((await open(null))[0]?.tls).toEqual({ host: { kind: 'ip', ip: server.host }, ca: null })
  })

  test('that is not there, or is none, stops the start and says which', async () => {
    const folder = folderWith({ 'ca.pem': 'no certificate' })
    await expect(open(path.join(folder, 'ca.pem'))).rejects.toThrow(
      `upstream[0].tls.ca: ${path.join(folder, 'ca.pem')}: there is no certificate in it (-----BEGIN CERTIFICATE-----)`,
    )
    await expect(open(path.join(folder, 'none.pem'))).rejects.toThrow(
      `upstream[0].tls.ca: ${path.join(folder, 'none.pem')}: there is no such file`,
    )
    await expect(open(path.join(folder, 'none.pem'))).rejects.toThrow(OperatorError)
  })
})
