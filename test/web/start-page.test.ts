import { expect, test } from 'vitest'
import { startPage } from '../../src/web/start-page.ts'

test('it names the doors and the PAC', () => {
  const html = startPage([
    { at: '127.0.0.1:8080', login: false, secure: false },
    { at: '[::1]:8082', login: true, secure: false },
  ])
  expect(html).toContain('<li><code>127.0.0.1:8080</code></li>')
  expect(html).toContain('<li><code>[::1]:8082</code> (asks for a name and a password)</li>')
  expect(html).toContain('href="/proxy.pac"')
})
