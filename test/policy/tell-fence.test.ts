import { expect, test } from 'vitest'
import { tellFence } from '../../src/policy/tell-fence.ts'
import { policy, strict } from './words.ts'

const told = (fence: object, definitions: object = {}) => {
  const compiled = policy({ uncertain: strict, definitions, fences: [{ name: 'one', ...fence }] })
  const [first] = [...compiled.fences, ...compiled.off]
  if (first === undefined) throw new Error('it has one fence')
  return tellFence(first)
}

test('a fence is told in sentences', () => {
  const fence = {
    traffic: { host: ['zoom.us', '.zoom.com'], port: 443, not: { client: '10.0.0.0/8' } },
    only: ['IN', 'SG'],
    country_of: ['server', 'network'],
    uncertain: { anycast: 'allow', unknown: 'log' },
    except: [{ host: 'www.zoom.com', to: ['US'], until: '2027-06-30', reason: 'sign-in' }],
    note: 'A note.',
    locked: true,
  }
  expect(told(fence)).toEqual([
    'Fence "one", from test (test.yaml:9).',
    'It is over traffic with host zoom.us or .zoom.com, port 443 and not (client 10.0.0.0/8).',
    "It permits only India (IN) or Singapore (SG), by where the machine is and the home of the network's firm.",
    'What it does not permit is blocked.',
    'Where the sources differ in a way that matters it blocks, where no source knows it flags, where the address is anycast it allows.',
    'Except host www.zoom.com, to the United States (US), until the end of 2027-06-30 (UTC): sign-in.',
    'It is locked: no overlay may turn it on or off.',
    'Note: A note.',
  ])
})

test('a fence over everything, to nowhere, that only flags, and is off', () => {
  expect(told({ never: 'anywhere', action: 'log', enabled: false }).slice(1)).toEqual([
    'It is off, and judges nothing.',
    'It is over all traffic.',
    'It lets nothing through, wherever it goes.',
    'What it does not permit is let through and flagged.',
  ])
})
