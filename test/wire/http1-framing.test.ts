import { describe, expect, test } from 'vitest'
import type { Field } from '../../src/wire/http1-fields.ts'
import { requestFraming, responseFraming } from '../../src/wire/http1-framing.ts'
import type { Http1Version, RequestHead, ResponseHead } from '../../src/wire/http1-head.ts'

const fields = (lines: Readonly<Record<string, string | readonly string[]>>): readonly Field[] =>
  Object.entries(lines).flatMap(([name, values]) => [values].flat().map((value) => ({ name, value })))

const request = (lines: Parameters<typeof fields>[0], method = 'POST', version: Http1Version = '1.1'): RequestHead => ({
  method,
  target: { kind: 'origin', path: '/' },
  version,
  fields: fields(lines),
})

const response = (status: number, lines: Parameters<typeof fields>[0], version: Http1Version = '1.1'): ResponseHead => ({
  status,
  reason: '',
  version,
  fields: fields(lines),
})

describe('request', () => {
  test('without either field has no body', () => {
    expect(requestFraming(request({}))).toEqual({ kind: 'none' })
  })

  test('with a length, or chunked', () => {
    expect(requestFraming(request({ 'content-length': '12' }))).toEqual({ kind: 'length', length: 12 })
    expect(requestFraming(request({ 'Transfer-Encoding': 'Chunked' }))).toEqual({ kind: 'chunked' })
  })

  test.each([
    ['both fields', 400, request({ 'content-length': '3', 'transfer-encoding': 'chunked' })],
    ['Transfer-Encoding in HTTP/1.0', 400, request({ 'transfer-encoding': 'chunked' }, 'POST', '1.0')],
    ['another coding', 400, request({ 'transfer-encoding': 'gzip' })],
    ['another coding behind chunked', 400, request({ 'transfer-encoding': 'chunked, gzip' })],
    ['two codings', 501, request({ 'transfer-encoding': 'gzip, chunked' })],
    ['two fields of codings', 501, request({ 'transfer-encoding': ['cow', 'chunked'] })],
    ['chunked twice', 400, request({ 'transfer-encoding': 'chunked, chunked' })],
    ['an empty coding', 400, request({ 'transfer-encoding': '' })],
    ['lengths that differ', 400, request({ 'content-length': ['3', '4'] })],
    ['a length that is repeated', 400, request({ 'content-length': ['3', '3'] })],
    ['a list of lengths', 400, request({ 'content-length': '3, 3' })],
    ['a signed length', 400, request({ 'content-length': '+3' })],
    ['a hexadecimal length', 400, request({ 'content-length': '0x3' })],
    ['an empty length', 400, request({ 'content-length': '' })],
    ['a length beyond 2^53', 400, request({ 'content-length': '9'.repeat(16) })],
    ['CONNECT with a body', 400, request({ 'content-length': '3' }, 'CONNECT')],
    ['TRACE with a body', 400, request({ 'content-length': '3' }, 'TRACE')],
    ['TRACE that is chunked', 400, request({ 'transfer-encoding': 'chunked' }, 'TRACE')],
    ['CONNECT that is chunked', 400, request({ 'transfer-encoding': 'chunked' }, 'CONNECT')],
  ])('refuses %s with %i', (_, status, head) => {
    expect(requestFraming(head)).toMatchObject({ kind: 'malformed', status })
  })

  test('CONNECT with a length of zero has no body', () => {
    expect(requestFraming(request({ 'content-length': '0' }, 'CONNECT'))).toEqual({ kind: 'none' })
  })
})

describe('response', () => {
  test('without either field lasts until the connection closes', () => {
    expect(responseFraming(response(200, {}), 'GET')).toEqual({ kind: 'until-close' })
  })

  test('with a length, or chunked', () => {
    expect(responseFraming(response(200, { 'content-length': '5' }), 'GET')).toEqual({ kind: 'length', length: 5 })
    expect(responseFraming(response(404, { 'transfer-encoding': 'chunked' }), 'GET')).toEqual({ kind: 'chunked' })
  })

  test.each([
    ['HEAD', 200],
    ['GET', 100],
    ['GET', 101],
    ['GET', 204],
    ['GET', 205],
    ['GET', 304],
  ])('to %s with status %i has no body, whatever length it says', (method, status) => {
    expect(responseFraming(response(status, { 'content-length': '5' }), method)).toEqual({ kind: 'none' })
  })

  test('to CONNECT has no body where it grants, and one where it refuses', () => {
    expect(responseFraming(response(200, { 'content-length': '5', 'transfer-encoding': 'chunked' }), 'CONNECT')).toEqual({ kind: 'none' })
    expect(responseFraming(response(403, { 'content-length': '5' }), 'CONNECT')).toEqual({ kind: 'length', length: 5 })
  })

  test.each([
    ['both fields', response(200, { 'content-length': '3', 'transfer-encoding': 'chunked' })],
    ['both fields, though it has no body', response(304, { 'content-length': '3', 'transfer-encoding': 'chunked' })],
    ['lengths that differ', response(200, { 'content-length': ['3', '4'] })],
    ['another coding', response(200, { 'transfer-encoding': 'gzip, chunked' })],
    ['Transfer-Encoding in HTTP/1.0', response(200, { 'transfer-encoding': 'chunked' }, '1.0')],
  ])('refuses %s', (_, head) => {
    expect(responseFraming(head, 'GET')).toMatchObject({ kind: 'malformed', status: 502 })
  })
})
