import vm from 'node:vm'
import { expect, test } from 'vitest'
import { type PacParts, pacText } from '../../src/web/pac.ts'

const parts: PacParts = {
  doors: [{ at: '127.0.0.1:8080', login: false, secure: false }],
  pac: { directFallback: false, localDirect: false },
  localNames: ['localhost', 'internal', 'home.arpa'],
}

/** What a browser that evaluates it would do; none of the functions that PACs may call is there, so none is called. */
const asked = (text: string, url: string): string =>
  vm.runInNewContext(`${text}\nFindProxyForURL(url, host)`, { url, host: new URL(url).hostname }, { timeout: 1_000 }) as string

const both = 'PROXY 127.0.0.1:8080; SOCKS5 127.0.0.1:8080'
const everything = [
  'http://example.com/',
  'https://wiki/',
  'http://printer.internal/',
  'http://127.0.0.1:3000/',
  'http://[::1]/',
  'ws://a.home.arpa/',
]

test('everything goes through the door, and nothing direct', () => {
  for (const url of everything) expect(asked(pacText(parts), url)).toBe(both)
})

test('direct as the last resort, where the operator wrote so', () => {
  expect(asked(pacText({ ...parts, pac: { directFallback: true, localDirect: false } }), 'http://example.com/')).toBe(`${both}; DIRECT`)
})

test('local names go direct, where the operator wrote so; addresses and names that only look like them do not', () => {
  const text = pacText({ ...parts, pac: { directFallback: false, localDirect: true } })
  for (const url of ['http://wiki/', 'http://WIKI./', 'https://printer.internal/', 'http://a.b.home.arpa/', 'http://localhost:3000/'])
    expect([url, asked(text, url)]).toEqual([url, 'DIRECT'])
  for (const url of [
    'http://example.com/',
    'http://notinternal.com/',
    'http://internal.example.com/',
    'http://xinternal.de/',
    'http://10.0.0.1/',
    'http://[fd00::1]/',
  ])
    expect([url, asked(text, url)]).toEqual([url, both])
  // Not every browser makes an address of it first.
  expect(vm.runInNewContext(`${text}\nFindProxyForURL("http://2130706433/", "2130706433")`)).toBe(both)
})

test('all doors over HTTP first; over SOCKS only those without a login and in clear', () => {
  const doors = [
    { at: '127.0.0.1:8080', login: true, secure: false },
    { at: '[::1]:8082', login: false, secure: false },
    { at: 'proxy.example:443', login: false, secure: true },
  ]
  expect(asked(pacText({ ...parts, doors }), 'http://example.com/')).toBe(
    'PROXY 127.0.0.1:8080; PROXY [::1]:8082; HTTPS proxy.example:443; SOCKS5 [::1]:8082',
  )
})

test('it is ES5, in which old engines and WinHTTP read it', () => {
  const text = pacText({ ...parts, pac: { directFallback: true, localDirect: true } })
  expect(text).not.toMatch(/=>|`|\b(let|const|class|of)\b|startsWith|endsWith|includes/)
  expect(text).toMatch(/^[\x20-\x7e\n]+$/)
})
