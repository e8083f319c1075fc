import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostsFilePath, parseHostsFile } from '../../../src/egress/resolver/hosts-file.ts'
import { parseIp } from '../../../src/model/address.ts'
import { name } from '../support.ts'

const read = (text: string) => Object.fromEntries(parseHostsFile(text))

test('a name has the addresses of all its lines, each once, in their order', () => {
  expect(read('127.0.0.1 localhost box\n::1\tlocalhost\n127.0.0.1 localhost\n')).toEqual({
    localhost: ['127.0.0.1', '::1'],
    box: ['127.0.0.1'],
  })
})

test('comments, blank lines and Windows line ends are read over', () => {
  expect(read('# head\r\n\r\n10.0.0.1 a # b\r\n#10.0.0.2 c\r\n')).toEqual({ a: ['10.0.0.1'] })
})

test('addresses and names become canonical', () => {
  expect(read('2001:DB8:0:0::1 Host.Example.\n::ffff:10.0.0.1 v4')).toEqual({ 'host.example': ['2001:db8::1'], v4: ['10.0.0.1'] })
})

test('what is no address, no name or an address in disguise is passed over', () => {
  expect(read('fe80::1%lo0 localhost\n0x7f.1 a\n10.0.0.1 0x7f.1 b..c ok\nnonsense\n10.0.0.2')).toEqual({ ok: ['10.0.0.1'] })
})

test('no text makes it throw, and all that it gives is canonical', () => {
  const word = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.domain(), fc.constantFrom('#', '\n', '\r\n', '\t', ' ', '\0'))
  fc.assert(
    fc.property(fc.array(word), (words) => {
      for (const [host, ips] of parseHostsFile(words.join(' '))) {
        expect(name(host)).toBe(host)
        for (const ip of ips) expect(parseIp(ip)).toBe(ip)
      }
    }),
  )
})

test('every pair that was written is found again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.ipV4(), fc.domain())), (pairs) => {
      const table = parseHostsFile(pairs.map(([address, host]) => `${address}\t${host}`).join('\n'))
      for (const [address, host] of pairs) expect(table.get(name(host))).toContain(parseIp(address))
    }),
  )
})

test('Windows keeps the file in its system folder', () => {
  expect(hostsFilePath('linux', {})).toBe('/etc/hosts')
  expect(hostsFilePath('win32', { SystemRoot: 'D:\\Win' })).toBe('D:\\Win\\System32\\drivers\\etc\\hosts')
})
