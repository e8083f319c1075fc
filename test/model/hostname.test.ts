import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIp } from '../../src/model/address.ts'
import { hostText, isHost, isUnder, parseHost, parseHostPort, printable } from '../../src/model/hostname.ts'
import { anyHostText } from './words.ts'

const problemOf = (text: string): string => {
  const parsed = parseHost(text)
  return isHost(parsed) ? `no problem: ${parsed.kind} ${hostText(parsed)}` : parsed.problem
}

test.each([
  ['0x7f.1', '127.0.0.1'],
  ['2130706433', '127.0.0.1'],
  ['017700000001', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['0', '0.0.0.0'],
  ['0x', '0.0.0.0'],
  ['127。0。0。1', '127.0.0.1'],
  ['①②⑦.⓪.⓪.①', '127.0.0.1'],
  ['１２７.０.０.１', '127.0.0.1'],
  ['127.0.0.1.', '127.0.0.1'],
  ['0300.0250.0.1', '192.168.0.1'],
  ['::ffff:7f00:1', '127.0.0.1'],
  ['[::1]', '::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['8.8.8.8', '8.8.8.8'],
])('%s is the address %s', (text, ip) => expect(parseHost(text)).toEqual({ kind: 'ip', ip }))

test.each([
  ['zoom.us', 'zoom.us'],
  ['ZOOM.US', 'zoom.us'],
  ['zoom.us.', 'zoom.us'],
  ['localhost', 'localhost'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['ｚｏｏｍ。ｕｓ', 'zoom.us'],
  ['zo\u200bom.us', 'zoom.us'],
  ['_dmarc.zoom.us', '_dmarc.zoom.us'],
  ['1.2.3.4.example', '1.2.3.4.example'],
  ['0x7f.1.example', '0x7f.1.example'],
  ['-.example', '-.example'],
])('%s is the name %s', (text, name) => expect(parseHost(text)).toEqual({ kind: 'name', name }))

test.each([
  ['', 'the host is empty'],
  ['.', '"." has an empty label'],
  ['zoom..us', '"zoom..us" has an empty label'],
  ['.zoom.us', '".zoom.us" has an empty label'],
  ['zoom.us..', '"zoom.us.." has an empty label'],
  ['localhost\0.x', '"localhost\\u0000.x" holds a character that no host name has'],
  ['zoom.us\n', '"zoom.us\\u000a" holds a character that no host name has'],
  ['zoom%2eus', '"zoom%2eus" holds a character that no host name has'],
  ['127.0.0.1%00', '"127.0.0.1%00" holds a character that no host name has'],
  ['zoom us', '"zoom us" holds a character that no host name has'],
  ['user@zoom.us', '"user@zoom.us" holds a character that no host name has'],
  ['zoom.us/x', '"zoom.us/x" holds a character that no host name has'],
  ['zo\u00adom.us', '"zo\u00adom.us" holds a character that no host name has'],
  ['*.zoom.us', '"*.zoom.us" holds a character that no host name has'],
  ['1.2.3.4.5', '"1.2.3.4.5" is not a host name'],
  ['256.1.1.1', '"256.1.1.1" is not a host name'],
  ['example.0x1z', 'no problem: name example.0x1z'],
  ['example.08', '"example.08" is not a host name'],
  ['zoom．us％00', '"zoom．us％00" is not a host name'],
  ['fe80::1%eth0', '"fe80::1%eth0" is not an IPv6 address'],
  ['[fe80::1%25eth0]', '"[fe80::1%25eth0]" is not an IPv6 address'],
  ['[1.2.3.4]', '"[1.2.3.4]": only IPv6 addresses stand in brackets'],
  ['[zoom.us]', '"[zoom.us]": only IPv6 addresses stand in brackets'],
  ['[]', '"[]": only IPv6 addresses stand in brackets'],
  ['[::1', '"[::1" is not an IPv6 address'],
])('%j: %s', (text, problem) => expect(problemOf(text)).toBe(problem))

test('a label has at most 63 characters and a name 253', () => {
  const label = 'a'.repeat(63)
  const longest = `${label}.${label}.${label}.${'a'.repeat(61)}`
  expect(longest).toHaveLength(253)
  expect(parseHost(longest)).toEqual({ kind: 'name', name: longest })
  expect(parseHost(`${longest}.`)).toEqual({ kind: 'name', name: longest })
  expect(problemOf(`${longest}a`)).toBe('the host name is longer than 253 characters')
  expect(problemOf(`${'a'.repeat(64)}.example`)).toContain('a label of more than 63 characters')
  expect(problemOf('a'.repeat(1_000_000))).toBe('the host name is too long')
})

test('reading never throws and comes to rest: what was read reads as itself', () =>
  fc.assert(
    fc.property(anyHostText, (text) => {
      const parsed = parseHost(text)
      if (isHost(parsed)) expect(parseHost(hostText(parsed))).toEqual(parsed)
    }),
    { numRuns: 3000 },
  ))

test('a name never looks like an address, to us or to inet_aton', () =>
  fc.assert(
    fc.property(anyHostText, (text) => {
      const parsed = parseHost(text)
      if (!isHost(parsed) || parsed.kind !== 'name') return
      expect(parseIp(parsed.name)).toBeNull()
      expect(parsed.name).toMatch(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/)
      expect(parsed.name.split('.').at(-1)).not.toMatch(/^(0x[0-9a-f]*|[0-9]+)$/)
    }),
    { numRuns: 3000 },
  ))

test.each([
  ['zoom.us:443', 'zoom.us', 443],
  ['zoom.us', 'zoom.us', 80],
  ['[::1]:8080', '::1', 8080],
  ['[::1]', '::1', 80],
  ['2001:db8::1', '2001:db8::1', 80],
  ['0x7f.1:22', '127.0.0.1', 22],
])('%s is %s and port %i', (text, host, port) => {
  const parsed = parseHostPort(text, 80)
  expect('problem' in parsed ? parsed : [hostText(parsed.host), parsed.port]).toEqual([host, port])
})

test.each([
  ['zoom.us', '"zoom.us" has no port'],
  ['zoom.us:', '"" is not a port (1–65535)'],
  ['zoom.us:0', '"0" is not a port (1–65535)'],
  ['zoom.us:65979', '"65979" is not a port (1–65535)'],
  ['zoom.us:0x50', '"0x50" is not a port (1–65535)'],
  [':443', 'the host is empty'],
  ['[::1]443', '"[::1]443" is not an IPv6 address'],
  ['a:b:c', '"a:b:c" is not an IPv6 address'],
])('%s where a port must be given: %s', (text, problem) => expect(parseHostPort(text, null)).toEqual({ problem }))

test('law: a name is what the URL standard makes of it, whether or not it was asked', () => {
  const label = fc.string({ unit: fc.constantFrom(...'0127axfnz-_'), minLength: 1, maxLength: 6 })
  const text = fc.array(fc.oneof(label, fc.constantFrom('0x7f', 'xn--bcher-kva', 'xn--', '127', 'com')), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(text, (labels) => {
      const written = labels.join('.')
      const url = URL.canParse(`http://${written}/`) ? new URL(`http://${written}/`).hostname : null
      const parsed = parseHost(written)
      if (isHost(parsed)) expect(hostText(parsed)).toBe(url)
      else expect(url).toBeNull()
    }),
    { numRuns: 3_000 },
  )
})

test('a domain holds itself and what is below it, not what merely ends like it', () => {
  expect(isUnder('zoom.us', 'zoom.us')).toBe(true)
  expect(isUnder('www.zoom.us', 'zoom.us')).toBe(true)
  expect(isUnder('evilzoom.us', 'zoom.us')).toBe(false)
  expect(isUnder('us', 'zoom.us')).toBe(false)
})

test('printable text stands on one line, is short, and hides nothing', () => {
  expect(printable('a\r\nb\u001b[31m\u202ec\u2028')).toBe('a\\u000d\\u000ab\\u001b[31m\\u202ec\\u2028')
  expect(printable('x'.repeat(200))).toHaveLength(80)
  expect(printable('\ud800')).toBe('\ufffd')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
    }),
  )
})
