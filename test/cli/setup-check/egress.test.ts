import { expect, test } from 'vitest'
import { egress } from '../../../src/cli/setup-check/egress.ts'
import { ip } from '../../policy/words.ts'
import { freePort } from '../../support/listening-program.ts'
import { serverSaying, worldWith } from './made-up.ts'

const at = (port: number) => ({ host: ip('127.0.0.1'), port })

test('nothing is tried that nobody named', async () => {
  expect(await egress(worldWith())).toMatchObject([{ state: 'skipped', says: expect.stringContaining('not tried, as no --probe names') }])
})

test('an address that answers is open, which is amiss; one that refuses is closed', async () => {
  const open = await serverSaying('')
  const closed = await freePort()
  const findings = await egress(worldWith({ probes: [at(open), at(closed)] }))
  expect(findings.slice(0, 2)).toMatchObject([
    {
      state: 'fail',
      says: `direct to 127.0.0.1:${open}: open; programs can go round the proxy`,
      mend: expect.stringContaining('setup firewall-linux'),
    },
    { state: 'ok', says: expect.stringMatching(/: closed \(ECONNREFUSED\), by this machine, by one on the way, or by that host itself$/) },
  ])
  if (process.getuid?.() === 0) expect(findings[2]?.says).toContain('tried as root')
})
