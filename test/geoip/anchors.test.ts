import { expect, test } from 'vitest'
import { anchors } from '../../src/geoip/anchors.ts'
import { readManifest, specOf } from '../../src/geoip/embedded.ts'
import { openSource, readFiles } from '../../src/geoip/open-source.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { scopeOf } from '../../src/model/scope.ts'
import { ip } from './support.ts'

test('both embedded voters place every anchor where it stands, and none is anycast', async () => {
  const specs = (await readManifest()).map(specOf).filter(({ role }) => role === 'voter' || role === 'anycast')
  const table = new CompiledTable(
    compile(await Promise.all(specs.map(async (spec) => openSource(spec, await readFiles(spec))))),
    () => null,
  )
  for (const { address, country, who } of anchors) {
    expect(scopeOf(ip(address)), who).toBe('global')
    expect(table.locate(ip(address)), who).toMatchObject({ possible: [country], anycast: false })
  }
})

test('they cover the world, more than one in the largest countries', () => {
  expect(anchors.length).toBeGreaterThan(40)
  expect(new Set(anchors.map(({ country }) => country)).size).toBeGreaterThan(30)
  expect(anchors.filter(({ country }) => country === 'CN').length).toBeGreaterThanOrEqual(3)
  expect(new Set(anchors.map(({ address }) => address)).size).toBe(anchors.length)
})
