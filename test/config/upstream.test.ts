import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { ConfigErrors } from '../../src/model/errors.ts'
import { folderWith } from '../cli/screen.ts'

/** The settings of a file with these upstreams, as YAML that is JSON. */
function upstreamsOf(upstream: readonly unknown[], rest: Readonly<Record<string, unknown>> = {}) {
  const folder = folderWith({ 'ringfence.yaml': JSON.stringify({ upstream, ...rest }) })
  return { folder, read: () => loadSettings({ config: path.join(folder, 'ringfence.yaml') }).upstream }
}

function faultsOf(...args: Parameters<typeof upstreamsOf>): readonly string[] {
  try {
    upstreamsOf(...args).read()
  } catch (error) {
    if (error instanceof ConfigErrors) return error.problems.map(({ path: at, message }) => `${at}: ${message}`)
    throw error
  }
  return []
}

const socks5 = (server: string) => ({ type: 'socks5', server })

test('by default there is none', () => {
  expect(loadSettings().upstream).toEqual([])
})

test('each has a type and an address; its password stands in a file beside the settings, or in the environment', () => {
  const { read, folder } = upstreamsOf([
    { type: 'socks5', server: '10.0.0.1:1080' },
    { type: 'http', server: '[2001:db8::1]:3128', username: 'anna', password: { file: 'secret' } },
    { type: 'http', server: '192.0.2.1:3128', username: 'anna', password: { env: 'PROXY_PASSWORD' } },
  ])
  expect(read()).toEqual([
    { type: 'socks5', server: { host: '10.0.0.1', port: 1080 }, login: null, tls: null },
    {
      type: 'http',
      server: { host: '2001:db8::1', port: 3128 },
      login: { name: 'anna', password: { file: path.join(folder, 'secret') } },
      tls: null,
    },
    { type: 'http', server: { host: '192.0.2.1', port: 3128 }, login: { name: 'anna', password: { env: 'PROXY_PASSWORD' } }, tls: null },
  ])
})

test('one that is spoken to in TLS says whom its certificate names, if not its address, and who vouches for it', () => {
  const { read, folder } = upstreamsOf([
    { type: 'http', server: '10.0.0.1:3129', tls: {} },
    { type: 'socks5', server: '10.0.0.1:1081', tls: { name: 'Proxy.example.', ca: 'ca.pem' } },
  ])
  expect(read().map(({ tls }) => tls)).toEqual([
    { host: { kind: 'ip', ip: '10.0.0.1' }, ca: null },
    { host: { kind: 'name', name: 'proxy.example' }, ca: path.join(folder, 'ca.pem') },
  ])
})

describe('faults', () => {
  test.each([
    ['proxy.example:1080', 'upstream "proxy.example:1080": a proxy is given by its address, not by a name'],
    ['10.0.0.1', 'upstream "10.0.0.1": "10.0.0.1" has no port'],
    ['10.0.0.1:0', 'upstream "10.0.0.1:0": "0" is not a port (1–65535)'],
    ['http://10.0.0.1:1', 'upstream "http://10.0.0.1:1": write ADDRESS:PORT, without http://'],
    ['127.0.0.1:8080', '127.0.0.1:8080 is a door of this node itself: what it sends would come back'],
    ['127.0.0.1:8081', '127.0.0.1:8081 is a door of this node itself: what it sends would come back'],
  ])('server: %s', (server, message) => {
    expect(faultsOf([socks5(server)])).toEqual([`upstream[0].server: ${message}`])
  })

  test('two of one address, and all others beside them at once', () => {
    expect(faultsOf([socks5('10.0.0.1:1080'), socks5('10.0.0.1:1080'), socks5('x')])).toEqual([
      'upstream[1].server: upstream[0] is 10.0.0.1:1080 already',
      'upstream[2].server: upstream "x": "x" has no port',
    ])
  })

  test.each([
    [{ username: 'anna' }, 'upstream[0]: a login is a "username" and a "password": { file: a path } or { env: the name of a variable }'],
    [
      { password: { env: 'P' } },
      'upstream[0]: a login is a "username" and a "password": { file: a path } or { env: the name of a variable }',
    ],
    [{ username: 'a:b', password: { env: 'P' } }, 'upstream[0].username: must not hold a colon: HTTP Basic ends the name there'],
    [{ username: 'a\nb', password: { env: 'P' } }, 'upstream[0].username: must not hold a control character'],
    [{ username: 'a'.repeat(256), password: { env: 'P' } }, 'upstream[0].username: must have at most 255 bytes'],
    [
      { username: 'a', password: 'secret' },
      'upstream[0].password: must be { file: a path } or { env: the name of a variable }: a key never stands here itself',
    ],
  ])('login %#', (login, message) => {
    expect(faultsOf([{ type: 'http', server: '10.0.0.1:3128', ...login }])).toEqual([message])
  })

  test('names that no certificate has', () => {
    const upstream = (name: string) => ({ ...socks5('10.0.0.1:1080'), tls: { name } })
    expect(faultsOf([upstream('10.0.0.1')])).toEqual([
      'upstream[0].tls.name: 10.0.0.1 is not needed: without "name" the certificate must name the address of the proxy',
    ])
    expect(faultsOf([upstream('a b')])[0]).toMatch(/^upstream\[0\]\.tls\.name: /)
  })

  test('a type that is none', () => {
    expect(faultsOf([{ type: 'https', server: '10.0.0.1:3129' }])).toEqual([
      'upstream[0].type: a proxy that is spoken to in TLS is { type: http, tls: {} }',
    ])
    expect(faultsOf([{ type: 'socks', server: '10.0.0.1:1080' }])).toEqual([
      'upstream[0].type: "socks" is not one of http, socks5, did you mean "socks5"?',
    ])
    expect(faultsOf([{ server: '10.0.0.1:1080' }])).toEqual(['upstream[0]: "type" is missing: it must be one of http, socks5'])
  })
})
