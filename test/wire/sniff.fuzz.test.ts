import fc from 'fast-check'
import { expect } from 'vitest'
import { isHost, parseHost } from '../../src/model/hostname.ts'
import { createSniffer, MAX_CLAIMS, sniff } from '../../src/wire/sniff.ts'
import { message, records, serverName } from './hello.ts'
import { anyBytes, ascii, concat, property, split } from './support.ts'

const names = fc.stringMatching(/^[a-z]{1,10}(\.[a-z]{2,8}){1,3}$/)
const requests = names.map((name) => ({ name, bytes: ascii(`GET /a?b HTTP/1.1\r\nAccept: */*\r\nHost: ${name}\r\n\r\n`) }))
const hellos = names.map((name) => ({ name, bytes: records(message([serverName(name)]), 40) }))
const nearlyHttp = fc.array(
  fc.constantFrom('GET', 'A', ' ', '/', 'HTTP/1.1', 'H', '\r\n', '\n', '\r', 'Host', ':', 'a.b', '\0', '\u00ff', '[', '@'),
  { maxLength: 14 },
)

property(
  'never throws on any bytes, and every name is canonical',
  fc.oneof(
    anyBytes,
    nearlyHttp.map((parts) => ascii(parts.join(''))),
  ),
  (bytes) => {
    const sniffed = sniff(bytes)
    if (sniffed.kind !== 'known') return
    expect(sniffed.names.length).toBeLessThanOrEqual(MAX_CLAIMS)
    for (const { name } of sniffed.names) {
      const host = parseHost(name)
      expect(isHost(host) && host.kind === 'name' && host.name).toBe(name)
    }
  },
)

property('a name is found once its message is whole, and not before', fc.oneof(requests, hellos), anyBytes, ({ name, bytes }, rest) => {
  for (let end = 0; end < bytes.length; end++) expect(sniff(bytes.subarray(0, end))).toEqual({ kind: 'need-more' })
  expect(sniff(bytes)).toMatchObject({ kind: 'known', names: [{ name }], hidden: false })
  expect(sniff(concat(bytes, rest))).toEqual(sniff(bytes))
})

property('once known, what follows does not make it unknown', nearlyHttp, anyBytes, (parts, rest) => {
  const bytes = ascii(parts.join(''))
  const first = sniff(bytes)
  if (first.kind === 'known') expect(sniff(concat(bytes, rest))).toEqual(first)
})

const nearlyTls = fc
  .array(
    fc.constantFrom([0x16], [0x15], [3], [1], [3, 1], [0], [0, 1], [0, 0], [0x16, 3, 1, 0, 0], [0x16, 3, 1, 0, 4, 1, 0, 0, 2], [0xff]),
    { maxLength: 12 },
  )
  .map((parts) => Uint8Array.from(parts.flat()))

property(
  'the cuts between pieces change nothing',
  fc.oneof(
    anyBytes,
    nearlyTls,
    nearlyHttp.map((parts) => ascii(parts.join(''))),
    requests.map(({ bytes }) => bytes),
    hellos.map(({ bytes }) => bytes),
  ),
  fc.array(fc.nat(), { maxLength: 8 }),
  (bytes, cuts) => {
    const sniffer = createSniffer()
    for (const piece of split(bytes, cuts)) sniffer.push(piece)
    expect(sniffer.push(new Uint8Array())).toEqual(sniff(bytes))
  },
)
