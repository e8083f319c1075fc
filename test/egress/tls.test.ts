import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { secureOver, tlsFailure } from '../../src/egress/tls.ts'
import type { Host } from '../../src/model/hostname.ts'
import { ip, name } from '../support/fake-ports.ts'
import { certificate, misbehave, sayNothing, sayRaw } from '../support/misbehaving-server.ts'

const updates: Host = { kind: 'name', name: name('updates.test') }

async function handshake(port: number, host: Host, ca: readonly string[] | null) {
  const connection = connect(port, '127.0.0.1')
  const socket = secureOver(connection, host, ca)
  onTestFinished(() => {
    socket.destroy()
    connection.destroy()
  })
  try {
    await once(socket, 'secureConnect')
    return socket
  } catch (error) {
    return tlsFailure(host, error)
  }
}

test('a trusted certificate for the name is accepted, and the name is sent', async () => {
  const { port } = await misbehave(sayNothing, 'tls')
  const socket = await handshake(port, updates, [certificate.cert])
  expect(socket).toMatchObject({ authorized: true, servername: 'updates.test' })
})

test.each<[string, Host, readonly string[] | null, string]>([
  ['one that no root vouches for', updates, null, 'no secure connection to updates.test: its certificate is self-signed'],
  [
    'one for another name',
    { kind: 'name', name: name('mirror.test') },
    [certificate.cert],
    'no secure connection to mirror.test: its certificate is for another host',
  ],
])('a certificate is refused: %s', async (_which, host, ca, message) => {
  const { port } = await misbehave(sayNothing, 'tls')
  expect(await handshake(port, host, ca)).toMatchObject({ code: 'dial.failed', message })
})

test('where an address was asked for, the certificate must name the address', async () => {
  const { port } = await misbehave(sayNothing, 'tls')
  expect(await handshake(port, { kind: 'ip', ip: ip('127.0.0.1') }, [certificate.cert])).toMatchObject({
    message: 'no secure connection to 127.0.0.1: its certificate is for another host',
    cause: { host: '127.0.0.1' },
  })
})

test('no variable of the environment makes an untrusted certificate good', async () => {
  const { port } = await misbehave(sayNothing, 'tls')
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  onTestFinished(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
  })
  expect(await handshake(port, updates, null)).toMatchObject({
    message: 'no secure connection to updates.test: its certificate is self-signed',
  })
})

test('every failure has words', () => {
  const failure = (code: string) => tlsFailure(updates, Object.assign(new Error('inner words'), { code })).message
  expect(failure('ERR_SSL_WRONG_VERSION_NUMBER')).toBe('no secure connection to updates.test: it does not speak TLS as we do')
  expect(failure('SELF_SIGNED_CERT_IN_CHAIN')).toContain('an authority that is not trusted')
  expect(failure('CERT_HAS_EXPIRED')).toContain('is the clock of this machine right?')
  expect(failure('SOMETHING_NEW')).toBe('no secure connection to updates.test: SOMETHING_NEW')
  expect(tlsFailure(updates, 'no error').message).toBe('no secure connection to updates.test: the handshake failed')
})

test('what is no TLS is no secure connection', async () => {
  const { port } = await misbehave(sayRaw('never'))
  const connection = connect(port, '127.0.0.1')
  const socket = secureOver(connection, updates, null)
  connection.once('connect', () => connection.write('GET / HTTP/1.1\r\n\r\n'))
  const [error] = await once(socket, 'error')
  expect(tlsFailure(updates, error).message).toMatch(/^no secure connection to updates\.test: it /)
})
