import { expect, test } from 'vitest'
import { settingsDocument } from '../../src/config/document.ts'

test('every key has a default, as DESIGN.md §3 lists them', () => {
  expect(settingsDocument.parse({})).toEqual({
    version: 1,
    policy: 'observe',
    inbounds: [{ type: 'mixed', listen: '127.0.0.1:8080' }],
    resolver: { servers: ['system'], local_names: ['localhost', 'local', 'test', 'internal', 'home.arpa'] },
    geoip: { sources: [{ type: 'embedded' }], when_no_table: 'block' },
    records: { when_disk_full: 'block' },
    web: { pac: { direct_fallback: false, local_direct: false } },
    upstream: [],
    denied_ports: [25],
    limits: {
      connections: 'auto',
      memory_mb: 'auto',
      login_failures_per_minute: 10,
      head_bytes: 32_768,
      head_seconds: 30,
      dial_seconds: 10,
      idle_minutes: 60,
      half_closed_seconds: 60,
      udp_idle_seconds: 60,
      associations_per_client: 32,
    },
  })
})

test('a section that says one thing keeps its other defaults', () => {
  const { limits, resolver } = settingsDocument.parse({ limits: { dial_seconds: 3 }, resolver: { local_names: [] } })
  expect(limits).toMatchObject({ dial_seconds: 3, head_seconds: 30 })
  expect(resolver).toEqual({ servers: ['system'], local_names: [] })
})

test('what is read is not what others read: defaults are not shared', () => {
  const first = settingsDocument.parse({})
  first.limits.head_bytes = 1
  first.resolver.servers.push('udp://192.0.2.1')
  expect(settingsDocument.parse({})).toMatchObject({ limits: { head_bytes: 32_768 }, resolver: { servers: ['system'] } })
})

test('plain "embedded" is short for a source of that type', () => {
  const { geoip } = settingsDocument.parse({ geoip: { sources: ['embedded', { type: 'mmdb', path: 'x.mmdb', role: 'witness' }] } })
  expect(geoip.sources).toEqual([{ type: 'embedded' }, { type: 'mmdb', path: 'x.mmdb', role: 'witness' }])
})
