import { describe, expect, test } from 'vitest'
import { type Answer, answerFor, encodeAnswer, refusalAnswer } from '../../src/inbound/http-answer.ts'
import { type ErrorCode, errorKinds } from '../../src/model/errors.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { parseRequestHead } from '../../src/wire/http1.ts'
import type { RequestHead } from '../../src/wire/http1-head.ts'

const now = Date.parse('2026-08-01T12:00:00Z')
const limits = { headBytes: 10_000 }

function requestHead(...lines: readonly string[]): RequestHead {
  const parsed = parseRequestHead(Buffer.from([...lines, 'Host: a.com', '', ''].join('\r\n')), limits)
  if (parsed.kind !== 'value') throw new Error('not a head')
  return parsed.value
}

const browser = requestHead('GET http://a.com/ HTTP/1.1', 'Accept: text/html,application/xhtml+xml')
const program = requestHead('GET http://a.com/ HTTP/1.1', 'Accept: */*')
const blocked = answerFor('policy.blocked', 'Blocked: zoom.us is at 52.81.151.250; fence "nothing-to-china" lets nothing reach it.')

const encoded = (answer: Answer, request: RequestHead | null, keepAlive = true): string =>
  Buffer.from(encodeAnswer(answer, { request, keepAlive, now, flow: null, attributions: [] })).toString()

test('a program gets one line of text', () => {
  expect(encoded(blocked, program)).toBe(
    [
      'HTTP/1.1 403 Forbidden',
      'Date: Sat, 01 Aug 2026 12:00:00 GMT',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Length: 86',
      'Cache-Control: no-store',
      'Proxy-Status: ringfence; error=http_request_denied; details="Blocked: zoom.us is at 52.81.151.250; fence \\"nothing-to-china\\" lets nothing reach it."',
      '',
      'Blocked: zoom.us is at 52.81.151.250; fence "nothing-to-china" lets nothing reach it.\n',
    ].join('\r\n'),
  )
})

test('a browser gets a page that says the same, in which nothing may run or load', () => {
  const [head = '', body = ''] = encoded(blocked, browser).split('\r\n\r\n')
  expect(head).toContain('Content-Type: text/html; charset=utf-8')
  expect(head).toContain("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'")
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`)
  expect(body.replace(/<style>[\s\S]*<\/style>/, '<style></style>')).toMatchInlineSnapshot(`
    "<!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Blocked by Ringfence</title>
    <style></style>
    <h1>This connection was blocked</h1>
    <p>zoom.us is at 52.81.151.250; fence &quot;nothing-to-china&quot; lets nothing reach it.</p>
    <p><small>Answered by Ringfence, the geo-fencing proxy that this browser is set to use.
    Whoever runs it can look this up: 2026-08-01 12:00 UTC, 403.</small></p>

    </html>
    "
  `)
})

test('a page about a failure is not called a block', () => {
  const page = encoded(answerFor('dial.refused', 'no connection to 1.2.3.4:80 (refused).'), browser)
  expect(page).toContain('<title>502 Bad Gateway</title>')
  expect(page).toContain('<h1>Bad Gateway</h1>')
})

test('what one answer needs beside what all have stands among its fields', () => {
  const answer = { ...answerFor('client.unauthenticated', 'Who are you?'), fields: [{ name: 'Proxy-Authenticate', value: 'Basic' }] }
  expect(encoded(answer, program, false)).toMatch(
    /^HTTP\/1\.1 407 Proxy Authentication Required\r\n[\s\S]*\r\nProxy-Authenticate: Basic\r\nConnection: close\r\n\r\nWho are you\?\n$/,
  )
})

describe('a hostile sentence', () => {
  const hostile = answerFor('policy.blocked', `<script>alert('1')</script> & "q" \\ \r\nSet-Cookie: x=1 ☃`)

  test('is text in the page', () => {
    const body = encoded(hostile, browser).split('\r\n\r\n')[1] ?? ''
    expect(body).toContain('&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;q&quot;')
    expect(body).not.toContain('<script>')
    expect(body).toContain('☃')
  })

  test('is one quoted string in Proxy-Status, and makes no field of its own', () => {
    const [head = ''] = encoded(hostile, program).split('\r\n\r\n')
    expect(head.split('\r\n').at(-1)).toBe(
      `Proxy-Status: ringfence; error=http_request_denied; details="<script>alert('1')</script> & \\"q\\" \\\\ ??Set-Cookie: x=1 ?"`,
    )
  })

  test('counts in bytes, not in characters', () => {
    const bytes = encodeAnswer(hostile, { request: program, keepAlive: true, now, flow: null, attributions: [] })
    const end = Buffer.from(bytes).indexOf('\r\n\r\n') + 4
    expect(Buffer.from(bytes).toString()).toContain(`Content-Length: ${bytes.length - end}\r\n`)
  })
})

test('HEAD is answered with the head alone', () => {
  const answer = encoded(blocked, requestHead('HEAD http://a.com/ HTTP/1.1'))
  expect(answer).toMatch(/Content-Length: 86\r\n/)
  expect(answer).toMatch(/\r\n\r\n$/)
})

test('a connection that is not kept is announced as closing', () => {
  expect(encoded(blocked, program, false)).toMatch(/\r\nConnection: close\r\n/)
  expect(encoded(blocked, program, true)).not.toMatch(/Connection/)
})

test('a request that could not be read is answered in text', () => {
  expect(encoded(blocked, null)).toContain('text/plain')
})

test.each(Object.keys(errorKinds) as ErrorCode[])('%s has a status with a reason, and an error type', (code) => {
  const answer = refusalAnswer({ code, sentence: 'why' })
  const [line = '', ...rest] = encoded(answer, program).split('\r\n')
  expect(line).toMatch(/^HTTP\/1\.1 [45]\d\d [A-Z][A-Za-z ]+$/)
  expect(line).not.toMatch(/^HTTP\/1\.1 \d+ Error$/)
  expect(rest.join('\n')).toMatch(/Proxy-Status: ringfence; error=[a-z_]+; details="why"/)
})

test('the page names the flow whose record says more, and links to whom the places are owed', () => {
  const attributions = ['IP Geolocation by DB-IP, https://db-ip.com', 'Statistics of the <NRO>']
  const options = { request: browser, keepAlive: false, now, flow: '4e95b17b-7' as FlowId, attributions }
  const page = Buffer.from(encodeAnswer(blocked, options)).toString()
  expect(page).toContain('flow 4e95b17b-7, 2026-08-01 12:00 UTC, 403.')
  expect(page).toContain('<a href="https://db-ip.com">IP Geolocation by DB-IP</a> · Statistics of the &lt;NRO&gt;')
})
