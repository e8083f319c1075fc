import { expect, test } from 'vitest'
import { settingsDocument } from '../../src/config/document.ts'
import { parseListen } from '../../src/config/load.ts'
import { compileWeb, DEFAULT_PAGE, pageClash, type WebSettings } from '../../src/config/web.ts'
import type { Endpoint, Ip } from '../../src/model/address.ts'
import { ip } from '../policy/words.ts'

function compiled(web: unknown): { readonly web: WebSettings; readonly faults: readonly string[] } {
  const faults: string[] = []
  const document = settingsDocument.parse({ web })
  const result = compileWeb(document.web, parseListen, (path, message) => void faults.push(`${path.join('.')}: ${message}`))
  return { web: result, faults }
}

test('by default the page is on loopback, and the PAC says nothing of DIRECT', () => {
  const { web, faults } = compiled({})
  expect(faults).toEqual([])
  expect(web).toEqual({ listen: parseListen(DEFAULT_PAGE), named: false, pac: { directFallback: false, localDirect: false } })
})

test('off is no page', () => {
  expect(compiled({ listen: 'off' }).web).toMatchObject({ listen: null, named: true })
})

test('an address that others can reach is refused, and so is what is no address', () => {
  expect(compiled({ listen: '0.0.0.0:8081' }).faults).toEqual([
    expect.stringMatching(/^web\.listen: the page would be open to whoever reaches 0\.0\.0\.0: /),
  ])
  expect(compiled({ listen: '[2001:db8::1]:8081' }).faults).toHaveLength(1)
  expect(compiled({ listen: 'none' }).faults).toEqual([
    expect.stringMatching(/^web\.listen: "none" is not an address and a port .*, or off$/),
  ])
  expect(compiled({ listen: '[::1]:9' })).toMatchObject({ faults: [], web: { listen: { host: '::1', port: 9 }, named: true } })
})

test('a door in its place is a fault where the operator wrote the place', () => {
  const at = (host: string, port: number): Endpoint<Ip> => ({ host: ip(host), port })
  const { web } = compiled({ listen: '127.0.0.1:8081' })
  expect(pageClash(web, [null, at('127.0.0.1', 8081)])).toBe('inbounds[1] listens on 127.0.0.1:8081 already')
  expect(pageClash(web, [at('0.0.0.0', 8081)])).toBe('inbounds[0] listens on 0.0.0.0:8081 already')
  expect(pageClash(web, [at('::', 8081), at('127.0.0.2', 8081), at('127.0.0.1', 8080)])).toBeNull()
  expect(pageClash({ ...web, named: false }, [at('127.0.0.1', 8081)])).toBeNull()
  expect(pageClash(compiled({ listen: '127.0.0.1:0' }).web, [at('127.0.0.1', 0)])).toBeNull()
})
