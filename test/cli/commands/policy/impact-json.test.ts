import { expect, test } from 'vitest'
import { ImpactCount } from '../../../../src/cli/commands/policy/impact-count.ts'
import { impactJson } from '../../../../src/cli/commands/policy/impact-json.ts'
import { noApps } from '../../../../src/model/app.ts'
import { compilePolicy } from '../../../../src/policy/compile.ts'
import { decision, judged, record } from './judged.ts'

test('an example carries what a third party needs to find the flow', () => {
  const counted = new ImpactCount(1)
  counted.add(
    record('a', 1, { personal: { user: 'asha', asked: 'cn.example' } }),
    decision(judged({ at: '52.81.151.250', in: ['CN', 'HK'], fences: { x: 'block' } })),
  )
  const looked = { folder: 'f', found: 1, judged: 1, unreached: 0, early: 0, unreadable: 0, damaged: 0, firstDamage: null }
  const impact = { policy: 'p', fences: ['x'], looked, counted, period: '', apps: noApps, sentenceOf: () => 'Would block.' }
  expect(impactJson(impact, compilePolicy('version: 1\nmode: observe\n', 'p.yaml', 'p.yaml'), {})).toMatchObject({
    policy: { name: 'p', mode: 'observe' },
    examples: {
      blocked: [
        {
          id: 'a',
          time: '2026-11-25T12:00:01.000Z',
          user: 'asha',
          client: '127.0.0.1:50000',
          asked: 'cn.example',
          port: 443,
          address: '52.81.151.250',
          country: 'CN',
          places: ['CN/HK?'],
          fences: ['x'],
          sentence: 'Would block.',
        },
      ],
      steered: [],
      flagged: [],
    },
  })
})
