import { expect, test } from 'vitest'
import { pacText } from '../../src/web/pac.ts'
import { answerTo } from '../../src/web/routes.ts'

const parts = {
  doors: [{ at: '127.0.0.1:8080', login: false, secure: false }],
  pac: { directFallback: false, localDirect: false },
  localNames: [],
}

test('the PAC is at two names, with its own type', () => {
  for (const path of ['/proxy.pac', '/wpad.dat', '/proxy.pac?v=2'])
    expect(answerTo(path, parts)).toMatchObject({ status: 200, type: 'application/x-ns-proxy-autoconfig', body: pacText(parts) })
})

test('"/" is a page, and what is not there is a problem', () => {
  expect(answerTo('/', parts)).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
  for (const path of ['/x', '//', '/proxy.pac/', '/__proto__', '/constructor', ''])
    expect(answerTo(path, parts)).toMatchObject({ status: 404, type: 'application/problem+json' })
})
