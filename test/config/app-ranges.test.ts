import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppRangesError, checkPlausible, parseRanges } from '../../src/config/app-ranges.ts'
import { type Cidr, cidr, formatCidr } from '../../src/model/cidr.ts'

const bytes = (text: string) => Buffer.from(text)
const read = (format: 'lines' | 'microsoft', text: string) => parseRanges(format, bytes(text)).map(formatCidr)
const many = (count: number) => Array.from({ length: count }, (_, i) => cidr(`170.114.${i}.0/24`))

/** What is wrong with it, or `null`. Whatever is thrown beside the error of this file is a fault. */
function refusalOf(attempt: () => unknown): string | null {
  try {
    attempt()
    return null
  } catch (error) {
    if (error instanceof AppRangesError) return error.message
    throw error
  }
}

const endpoints = [
  { id: 1, serviceArea: 'Exchange', urls: ['outlook.office.com'], ips: ['13.107.6.152/31', 'nonsense of others'] },
  { id: 11, serviceArea: 'Skype', ips: ['52.112.0.0/14', '2603:1063::/38'], udpPorts: '3478,3479,3480,3481', required: true },
  { id: 12, serviceArea: 'Skype', ips: ['52.112.0.0/14', '52.122.0.0/15'], tcpPorts: '443,80' },
  { id: 16, serviceArea: 'Skype', urls: ['*.keydelivery.mediaservices.windows.net'] },
]

test('lines: a network each; empty ones and comments are skipped, and what stands there twice is once', () => {
  expect(read('lines', '\ufeff# of today\r\n170.114.0.0/16\r\n\r\n  2407:30c0::/32  \n8.5.128.7\n170.114.0.0/16')).toEqual([
    '170.114.0.0/16',
    '2407:30c0::/32',
    '8.5.128.7/32',
  ])
})

test('microsoft: the addresses of the service area Skype, those of others unread', () => {
  expect(read('microsoft', JSON.stringify(endpoints))).toEqual(['52.112.0.0/14', '2603:1063::/38', '52.122.0.0/15'])
})

test.each([
  ['lines', '3.7.35.0/25\n\n3.7.35.0/33\n', 'line 3: "3.7.35.0/33" is not a network: the prefix length is out of range'],
  ['lines', '3.7.35.1/25', 'line 1: "3.7.35.1/25" is not the start of a network, did you mean "3.7.35.0/25"?'],
  ['lines', '3.7.35.0/25\nzoom.us', 'line 2: "zoom.us" is not a network (write 10.0.0.0/8 or 2001:db8::/32)'],
  ['lines', '# nothing\n', 'no network in it'],
  ['lines', ' <!DOCTYPE html><title>Log in</title>', 'a web page instead of a list (a login page, a captive portal?)'],
  ['lines', '3.7.35.0/25\n'.repeat(2_001), '2001 networks: more than the 2000 that a list may have'],
  ['microsoft', '', 'no JSON'],
  ['microsoft', '{}', 'no list of endpoints'],
  ['microsoft', '[]', 'no network in it'],
  ['microsoft', '[{"serviceArea":"Exchange"},{}]', 'entry 2: it names no service area'],
  ['microsoft', '[null]', 'entry 1: it names no service area'],
  ['microsoft', '[{"serviceArea":"Skype","ips":"52.112.0.0/14"}]', 'entry 1: "ips" is no list'],
  ['microsoft', '[{"serviceArea":"Skype","ips":[7]}]', 'entry 1: "ips" must hold texts'],
  [
    'microsoft',
    '[{"serviceArea":"Skype","ips":["52.112.0.0/14","52.112.0.0/4"]}]',
    'entry 1: "52.112.0.0/4" is not the start of a network, did you mean "48.0.0.0/4"?',
  ],
] as const)('%s %j: %s', (format, text, why) => {
  expect(refusalOf(() => read(format, text))).toBe(why)
})

test('what is no UTF-8 is refused', () => {
  expect(refusalOf(() => parseRanges('lines', Uint8Array.of(0x33, 0xff)))).toBe('no text in UTF-8')
})

test('a network that no app has is implausible, and so are too many together', () => {
  expect(refusalOf(() => checkPlausible([cidr('8.0.0.0/8')], []))).toBeNull()
  expect(refusalOf(() => checkPlausible([cidr('8.0.0.0/7')], []))).toBe('implausible: 8.0.0.0/7 is more than an app has')
  expect(refusalOf(() => checkPlausible([cidr('2600::/16')], []))).toBeNull()
  expect(refusalOf(() => checkPlausible([cidr('2600::/15')], []))).toBe('implausible: 2600::/15 is more than an app has')
  const halves = ['8.0.0.0/9', '52.0.0.0/9', '64.64.0.0/32'].map(cidr)
  expect(refusalOf(() => checkPlausible(halves.slice(0, 2), []))).toBeNull()
  expect(refusalOf(() => checkPlausible(halves, []))).toBe('implausible: its IPv4 networks together are more than a /8')
  expect(refusalOf(() => checkPlausible([cidr('10.1.0.0/16')], []))).toBe('implausible: 10.1.0.0/16 is no network of the Internet')
})

test('a list that lost two thirds is implausible, one that grew is not', () => {
  const told = (after: number, before: number) => refusalOf(() => checkPlausible(many(after), many(before)))
  expect(told(10, 30)).toBeNull()
  expect(told(9, 30)).toBe('implausible: 9 of 30 networks, less than a third of those known before')
  expect(told(90, 3)).toBeNull()
  expect(told(1, 0)).toBeNull()
})

const piece = fc.oneof(
  fc.constantFrom(
    '170.114.0.0/16',
    '2407:30c0::/32',
    '\n',
    '\r',
    '[',
    ']',
    '{',
    '}',
    '"serviceArea":',
    '"Skype"',
    ',',
    '"ips":',
    'null',
    '/0',
  ),
  fc.string(),
)
const texts = fc.array(piece, { maxLength: 12 }).map((pieces) => bytes(pieces.join('')))
const formats = fc.constantFrom('lines' as const, 'microsoft' as const)

test('whatever comes, it is networks, each once, or refused in words', () => {
  fc.assert(
    fc.property(formats, fc.oneof(texts, fc.uint8Array()), (format, any) => {
      let networks: readonly Cidr[] = []
      const why = refusalOf(() => {
        networks = parseRanges(format, any)
        checkPlausible(networks, [])
      })
      if (why === null) expect(new Set(networks.map(formatCidr)).size).toBe(networks.length)
      else expect(why).not.toBe('')
    }),
    { numRuns: 3_000 },
  )
})

test('any JSON is networks or refused in words', () => {
  const entry = fc.record({ serviceArea: fc.constantFrom('Skype', 'Exchange', 7), ips: fc.oneof(fc.jsonValue(), fc.array(fc.ipV4())) })
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.array(entry)), (json) => void refusalOf(() => read('microsoft', JSON.stringify(json)))),
    { numRuns: 1_000 },
  )
})

test('one line of garbage anywhere refuses the whole list', () => {
  const garbage = fc.string({ minLength: 1 }).filter((text) => /^[^#\s]/.test(text.trim()) && !/[\r\n]/.test(text) && !/[.:]/.test(text))
  fc.assert(
    fc.property(garbage, fc.nat({ max: 20 }), (text, at) => {
      const lines = many(20).map(formatCidr).toSpliced(at, 0, text)
      expect(refusalOf(() => read('lines', lines.join('\n')))).not.toBeNull()
    }),
  )
})

test('what was printed is read back', () => {
  const networks = many(60)
  expect(parseRanges('lines', bytes(networks.map(formatCidr).join('\n')))).toEqual(networks)
})
