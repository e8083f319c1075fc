import { expect, test } from 'vitest'
import { upstream } from '../../../src/cli/doctor/upstream.ts'
import { silent, startOrigin } from '../../support/origin-server.ts'
import { healthy, patient, said, states } from './patient.ts'

const with_ = (servers: readonly string[], rest = '') =>
  `${healthy}upstream: [${servers.map((server) => `{ type: socks5, server: "${server}"${rest} }`).join(', ')}]\n`

test('without an upstream destinations are reached directly', async () => {
  expect(said(await upstream(await patient()))).toBe('no upstream proxy is set: destinations are reached directly')
})

test('each proxy is tried by itself', async () => {
  const { port } = await startOrigin(silent)
  const findings = await upstream(await patient(with_([`127.0.0.1:${port}`, '127.0.0.1:1']), { offline: false }))
  expect(states(findings)).toEqual(['ok', 'fail'])
  expect(said(findings)).toBe(
    [
      `upstream proxy 127.0.0.1:${port} (socks5) takes connections`,
      'upstream proxy 127.0.0.1:1 (socks5): no connection to 127.0.0.1:1 (refused) → the entry under "upstream", or that proxy',
    ].join('\n'),
  )
})

test('offline none is tried, but a password that is not there is told', async () => {
  expect(states(await upstream(await patient(with_(['127.0.0.1:1']))))).toEqual(['skipped'])
  const missing = with_(['127.0.0.1:1'], ', username: anna, password: { env: RINGFENCE_NO_SUCH_VARIABLE }')
  expect(said(await upstream(await patient(missing)))).toContain('the environment variable RINGFENCE_NO_SUCH_VARIABLE is not set')
})
