import { describe, expect, test } from 'vitest'
import { parseBasicCredentials } from '../../src/wire/basic-credentials.ts'

const basic = (text: string | Uint8Array) => `Basic ${Buffer.from(text).toString('base64')}`

describe('a login', () => {
  test('as RFC 7617 §2 and §2.1 write them', () => {
    expect(parseBasicCredentials('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')).toEqual({ name: 'Aladdin', password: 'open sesame' })
    expect(parseBasicCredentials('Basic dGVzdDoxMjPCow==')).toEqual({ name: 'test', password: '123£' })
  })

  test.each(['basic', 'BASIC', 'bAsIc  '])('names its scheme as %j', (scheme) => {
    expect(parseBasicCredentials(`${scheme} YTpi`)).toEqual({ name: 'a', password: 'b' })
  })

  test.each([
    ['the first colon ends the name', 'anna:a:b:', { name: 'anna', password: 'a:b:' }],
    ['the password may be empty', 'anna:', { name: 'anna', password: '' }],
    ['the name may be empty', ':secret', { name: '', password: 'secret' }],
    ['a byte order mark is a character', '\ufeffanna:x', { name: '\ufeffanna', password: 'x' }],
  ])('%s', (_, text, read) => {
    expect(parseBasicCredentials(basic(text))).toEqual(read)
  })
})

describe('what is no login', () => {
  test.each([
    ['another scheme', 'Bearer YTpi', 'the login is not of the scheme Basic'],
    ['a scheme that begins like it', 'Basically YTpi', 'the login is not of the scheme Basic'],
    ['nothing', '', 'the login is not of the scheme Basic'],
    ['two schemes', 'Basic YTpi, Bearer x', 'the login is not base64'],
    ['a tab behind the scheme', 'Basic\tYTpi', 'the login is not of the scheme Basic'],
    ['padding left out', 'Basic YTpiYw', 'the login is not base64'],
    ['bits left over', 'Basic YTpiYx==', 'the login is not base64'],
    ['another alphabet', 'Basic YTp_-w==', 'the login is not base64'],
    ['white space within', 'Basic YT pi', 'the login is not base64'],
    ['ISO 8859-1', basic(Buffer.from('anna:pä', 'latin1')), 'the login is not UTF-8'],
    ['a NUL', basic('anna\0:x'), 'the login holds a control character'],
    ['a line end', basic('anna:x\r\n'), 'the login holds a control character'],
    ['a C1 control', basic('anna:\u0085'), 'the login holds a control character'],
    ['no colon', basic('anna'), 'the login has no colon between name and password'],
    ['only the scheme', 'Basic', 'the login has no colon between name and password'],
  ])('%s', (_, value, problem) => {
    expect(parseBasicCredentials(value)).toEqual({ problem })
  })
})
