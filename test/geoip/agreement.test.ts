/** The compiled table against the maxmind reader, the referee: every embedded database, a million addresses of each family. */
import { readFileSync } from 'node:fs'
import { Reader, type Response } from 'maxmind'
import { beforeAll, describe, expect, test } from 'vitest'
import { readManifest, specOf } from '../../src/geoip/embedded.ts'
import { openSource, readFiles } from '../../src/geoip/open-source.ts'
import { type Answer, CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { isCountryCode } from '../../src/model/country.ts'
import { numbers } from './support.ts'

const SAMPLES = 1_000_000
const specs = (await readManifest()).map(specOf)
let table: CompiledTable
beforeAll(async () => {
  table = new CompiledTable(compile(await Promise.all(specs.map(async (spec) => openSource(spec, await readFiles(spec))))), () => null)
})

describe.each(specs.filter(({ format }) => format === 'mmdb'))('$name', ({ name, files }) => {
  const reader = new Reader<Response>(readFileSync(files[0] ?? ''))
  const bySource = (answer: Answer) => answer.answers.find(({ source }) => source === name)?.country
  const byReader = (address: string) => {
    const record = reader.get(address)
    const code: unknown = record !== null && 'country_code' in record ? record.country_code : null
    return typeof code === 'string' && isCountryCode(code) ? code : null
  }

  test('IPv4', () => {
    const next = numbers(4)
    const { starts } = table.v4
    const wrong: string[] = []
    let known = 0
    for (let n = 0; n < SAMPLES; n++) {
      // Every other address stands at the start of a range or just before it, where a look-up is off by one if ever.
      const start = starts[next() % starts.length] ?? 0
      const word = n % 2 === 0 ? (start - (n & 2 ? 1 : 0)) >>> 0 : next()
      const country = bySource(table.lookup4(word))
      if (country !== byReader(textOf4(word))) wrong.push(textOf4(word))
      if (country !== null) known++
    }
    expect(wrong).toEqual([])
    expect(known).toBeGreaterThan(SAMPLES / 2)
  }, 60_000)

  test('IPv6', () => {
    const next = numbers(6)
    const { starts } = table.v6
    const wrong: string[] = []
    let known = 0
    let asked = 0
    while (asked < SAMPLES) {
      // Most of the space is empty, so every other address stands just at or round the start of a range.
      const at = (next() % (starts.length / 4)) * 4
      const near = asked % 2 === 0 ? starts.subarray(at, at + 4) : Uint32Array.of(0x2000_0000 + (next() >>> 3), next(), next(), next())
      const [a = 0, b = 0, c = 0, d = 0] = asked % 4 === 0 ? near : [near[0] ?? 0, near[1] ?? 0, near[2] ?? 0, next()]
      // Where the table leaves an address to the IPv4 address inside.
      if ((a === 0 && b === 0) || a === 0x2001_0000 || a >>> 16 === 0x2002) continue
      asked++
      const country = bySource(table.lookup6(a, b, c, d))
      if (country !== byReader(textOf6(a, b, c, d))) wrong.push(textOf6(a, b, c, d))
      if (country !== null) known++
    }
    expect(wrong).toEqual([])
    expect(known).toBeGreaterThan(SAMPLES / 4)
  }, 60_000)
})

// Plain text of their own: four million times what the model makes of an address would take half of the test.
const textOf4 = (word: number): string => `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
const groups = (word: number): string => `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`
const textOf6 = (a: number, b: number, c: number, d: number): string => `${groups(a)}:${groups(b)}:${groups(c)}:${groups(d)}`
