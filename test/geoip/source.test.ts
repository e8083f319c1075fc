import { expect, test } from 'vitest'
import { countryNumber, GeoSourceError, saysCountries, whyUnreadable } from '../../src/geoip/source.ts'
import { allCountries } from '../../src/model/country.ts'

test('every country survives the way into a number and back, and 0 is no country', () => {
  const list = saysCountries.kind === 'places' ? saysCountries.list : []
  for (const code of allCountries) expect(list[countryNumber(code) - 1]).toEqual({ country: code, detail: null })
  expect(countryNumber(null)).toBe(0)
  expect(countryNumber('EU')).toBe(0)
  expect(list).toHaveLength(allCountries.length)
})

test('a refused file is named, with the reason and the cause', () => {
  const cause = new Error('ENOENT')
  const error = new GeoSourceError('a.mmdb', 'no such file', { cause })
  expect(error.message).toBe('a.mmdb: no such file')
  expect(error).toMatchObject({ file: 'a.mmdb', cause })
})

test('a message that was made in another thread keeps its file, once', () => {
  expect(GeoSourceError.told('a.mmdb', 'a.mmdb: it is empty')).toMatchObject({ file: 'a.mmdb', message: 'a.mmdb: it is empty' })
  expect(GeoSourceError.told('a.mmdb', 'it is empty').message).toBe('a.mmdb: it is empty')
})

test('why a file cannot be read is said in words', () => {
  const failed = (code: string) => whyUnreadable(Object.assign(new Error(`${code}: as the system says it`), { code }))
  expect(['ENOENT', 'EACCES', 'EISDIR', 'EIO'].map(failed)).toEqual([
    'there is no such file',
    'it may not be read',
    'it is a folder',
    'EIO: as the system says it',
  ])
})
