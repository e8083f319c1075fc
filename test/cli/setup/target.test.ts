import { expect, test } from 'vitest'
import { targets } from '../../../src/cli/setup/index.ts'
import { comment, directHosts, loginNote, proxyUrl, socksUrl, type Target } from '../../../src/cli/setup/target.ts'
import { away, here } from './made-up.ts'

test('a URL of the proxy has places to fill in where people log in', () => {
  expect(proxyUrl(here)).toBe('http://127.0.0.1:8080')
  expect(proxyUrl(away)).toBe('http://USER:PASSWORD@192.0.2.10:3128')
  expect(socksUrl(away)).toBe('socks5h://USER:PASSWORD@192.0.2.10:3128')
  expect(loginNote(here)).toEqual([])
  expect(loginNote(away)).toHaveLength(1)
})

test('this machine itself is reached without the proxy; local names only where asked', () => {
  expect(directHosts(here)).toEqual(['localhost', '127.0.0.1', '::1'])
  expect(directHosts(away)).toEqual(['localhost', '127.0.0.1', '::1', '.internal'])
})

test('a comment has no blanks at the ends of its lines', () => expect(comment('#', ['one', '', 'two'])).toBe('# one\n#\n# two'))

test.each(Object.entries(targets) as [string, Target][])('%s sends nobody direct, and ends its last line', (_, target) => {
  for (const parameters of [here, away]) {
    const text = target.text(parameters)
    if (!parameters.pac.pac.localDirect) expect(text).not.toMatch(/"DIRECT"/)
    expect(text).not.toMatch(/; DIRECT/)
    expect(text).toMatch(/[^\n]\r?\n$/)
    expect(text).not.toMatch(/[ \t]\r?$/m)
    expect(text).not.toMatch(/undefined|null|\[object/)
  }
})

test('a door with a certificate is written so, and what has no setting for one says so', () => {
  const secure = { ...here, door: { ...here.door, secure: true } }
  expect(proxyUrl(secure)).toBe('https://127.0.0.1:8080')
  expect(socksUrl(secure)).toBe('https://127.0.0.1:8080')
  expect(targets.chromium.text(secure)).toContain('"ProxyServer": "https://127.0.0.1:8080"')
  expect(targets.git.text(secure)).not.toContain('nc -X')
  for (const name of ['gnome', 'macos', 'windows'] as const)
    expect(() => targets[name].text(secure)).toThrow(/cannot speak TLS to a proxy.*\("chromium", "firefox"\)$/)
})
