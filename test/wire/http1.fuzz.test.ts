import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { type Host, isHost, parseHost } from '../../src/model/hostname.ts'
import { parseRequestHead, parseResponseHead, serializeRequestHead, serializeResponseHead } from '../../src/wire/http1.ts'
import { endToEndFields, hasToken } from '../../src/wire/http1-fields.ts'
import type { RequestHead, ResponseHead } from '../../src/wire/http1-head.ts'
import type { Target } from '../../src/wire/http1-target.ts'
import { ascii, property, streamProperties, toText } from './support.ts'

const limits = { headBytes: 8_192 }

const host = (text: string): Host => {
  const parsed = parseHost(text)
  if (!isHost(parsed)) throw new Error(parsed.problem)
  return parsed
}

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
const fieldValue = fc.stringMatching(/^(?:[!-~\u0080-\u00ff](?:[\t -~\u0080-\u00ff]{0,20}[!-~\u0080-\u00ff])?)?$/)
const fields = fc.array(fc.record({ name: token.filter((name) => name.toLowerCase() !== 'host'), value: fieldValue }), { maxLength: 8 })
const hosts = fc.constantFrom('example.com', 'xn--bcher-kva.example', '203.0.113.7', '2001:db8::1').map(host)
const port = fc.integer({ min: 1, max: 65_535 })
const path = fc.stringMatching(/^\/[!"$-~\u0080-\u00ff]{0,20}$/)

const withMethod = (methods: fc.Arbitrary<string>, targets: fc.Arbitrary<Target>) => fc.record({ method: methods, target: targets })
const methods = token.filter((method) => method !== 'CONNECT' && method !== 'OPTIONS')
const requestLines = fc.oneof(
  withMethod(fc.constant('CONNECT'), fc.record({ kind: fc.constant('authority' as const), host: hosts, port })),
  withMethod(methods, fc.record({ kind: fc.constant('absolute' as const), scheme: fc.constant('http' as const), host: hosts, port, path })),
  withMethod(methods, fc.record({ kind: fc.constant('origin' as const), path })),
  withMethod(
    fc.constant('OPTIONS'),
    fc.constantFrom<Target>({ kind: 'asterisk' }, { kind: 'absolute', scheme: 'http', host: host('a.example'), port: 80, path: '*' }),
  ),
  withMethod(methods, fc.constant<Target>({ kind: 'unsupported', text: 'https://example.com/' })),
)

const requests: fc.Arbitrary<RequestHead> = fc
  .tuple(requestLines, fc.constantFrom('1.0' as const, '1.1' as const), fields)
  .map(([line, version, others]) => ({ ...line, version, fields: [{ name: 'Host', value: 'example.com' }, ...others] }))

const responses: fc.Arbitrary<ResponseHead> = fc.record({
  status: fc.integer({ min: 200, max: 999 }).filter((status) => status !== 204),
  reason: fieldValue,
  version: fc.constantFrom('1.0' as const, '1.1' as const),
  fields,
})

describe('request head', () => {
  const parse = (bytes: Uint8Array) => parseRequestHead(bytes, limits)
  streamProperties(parse, requests.map(serializeRequestHead))

  property('is read as it was written', requests, (head) => {
    expect(parse(serializeRequestHead(head))).toMatchObject({ kind: 'value', value: head })
  })

  // What a smuggler needs is a head that we take and that another reader cuts elsewhere.
  property(
    'holds no line end of any kind but its own',
    fc.string({ unit: fc.constantFrom('\r', '\n', '\0', ' ', '\t', ':', 'a', '\r\n'), maxLength: 12 }),
    (noise) => {
      const parsed = parse(ascii(`GET / HTTP/1.1\r\nHost: a\r\nx: ${noise}\r\n\r\n`))
      if (parsed.kind !== 'value') return
      for (const { name, value } of parsed.value.fields) expect(name + value).not.toMatch(/[\r\n\0]/)
    },
  )
})

describe('response head', () => {
  const parse = (bytes: Uint8Array) => parseResponseHead(bytes, limits)
  streamProperties(parse, responses.map(serializeResponseHead))

  property('is read as it was written', responses, (head) => {
    expect(parse(serializeResponseHead(head))).toMatchObject({ kind: 'value', value: head })
  })
})

property('white space before the colons of an answer is no part of it', responses, fc.constantFrom(' ', '\t', ' \t '), (head, space) => {
  const [start, ...rest] = toText(serializeResponseHead(head)).split('\r\n')
  const text = [start, ...rest.map((line) => line.replace(':', `${space}:`))].join('\r\n')
  expect(parseResponseHead(ascii(text), limits)).toMatchObject({ kind: 'value', value: head })
})

property('no field that Connection names goes on, but those that say what the message is', fields, fc.array(token), (list, named) => {
  const all = [...list, { name: 'connection', value: named.join(', ') }]
  for (const { name } of endToEndFields(all)) {
    if (!/^(host|content-length|max-forwards)$/i.test(name)) expect(hasToken(all, 'connection', name)).toBe(false)
  }
})
