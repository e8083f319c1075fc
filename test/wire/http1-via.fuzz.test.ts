import fc from 'fast-check'
import { expect } from 'vitest'
import { parseVia, type ViaMember, wasHere } from '../../src/wire/http1-via.ts'
import { property } from './support.ts'

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/)
const { comment } = fc.letrec<{ comment: string }>((tie) => ({
  comment: fc
    .array(fc.oneof({ maxDepth: 3 }, fc.stringMatching(/^[ !-'*-[\]-~,]{0,6}$/), fc.constantFrom('\\(', '\\)', '\\\\'), tie('comment')), {
      maxLength: 3,
    })
    .map((parts) => `(${parts.join('')})`),
}))
const members: fc.Arbitrary<readonly ViaMember[]> = fc.array(
  fc.record({
    protocol: fc.oneof(
      token,
      fc.tuple(token, token).map(([name, version]) => `${name}/${version}`),
    ),
    by: fc.oneof(
      token,
      fc.constant('[::1]'),
      fc.tuple(token, fc.integer({ min: 0, max: 65_535 })).map(([host, port]) => `${host}:${port}`),
    ),
    comment: fc.option(comment),
  }),
  { maxLength: 4 },
)
const separator = fc.constantFrom(',', ', ', ' ,\t', ',,', ' , , ')

const written = (list: readonly ViaMember[], between: string): string =>
  list.map(({ protocol, by, comment: said }) => `${protocol} ${by}${said === null ? '' : ` ${said}`}`).join(between)

property('is read as it was written, whatever stands between', members, separator, (list, between) => {
  expect(parseVia(written(list, between))).toEqual(list)
})

property(
  'any text is read or not, and never throws',
  fc.string({ unit: fc.constantFrom('1', 'a', ' ', '(', ')', ',', '\\', '/') }),
  (text) => {
    for (const { protocol, by } of parseVia(text) ?? [])
      expect(text).toContain(protocol + text.slice(text.indexOf(protocol) + protocol.length).match(/^[ \t]+/)?.[0] + by)
  },
)

property('our own name among the members is never missed', members, separator, fc.nat(4), (list, between, at) => {
  const all = [...list.slice(0, at), { protocol: '1.1', by: 'ringfence-00ff', comment: null }, ...list.slice(at)]
  expect(wasHere([{ name: 'Via', value: written(all, between) }], 'ringfence-00ff')).toBe(true)
})
