import { expect, test } from 'vitest'
import type { EventBody } from '../../src/model/event.ts'
import { followInLog } from '../../src/records/log.ts'
import { blocked, decided, ended, wouldBlock } from './made-up.ts'

async function told(...events: readonly EventBody[]): Promise<readonly string[]> {
  const lines: string[] = []
  const log = {
    info: (fields: object, message: string) => lines.push(`info ${message} ${JSON.stringify(fields)}`),
    warn: (fields: object, message: string) => lines.push(`warn ${message} ${JSON.stringify(fields)}`),
  }
  const writer = followInLog({ append: async () => {} }, log)
  for (const event of events) await writer.append(event)
  return lines
}

test('each verdict is its sentence, louder where it blocks or would', async () => {
  const sentence = (text: string) => ({ personal: { sentence: text } })
  expect(
    await told(decided('a', sentence('Allowed: a.')), blocked('b', sentence('Blocked: b.')), wouldBlock('c', sentence('Would block: c.'))),
  ).toEqual([
    'info Allowed: a. {"flow":"a","verdict":"allow","would":"allow"}',
    'warn Blocked: b. {"flow":"b","verdict":"block","would":"block"}',
    'warn Would block: c. {"flow":"c","verdict":"allow","would":"block"}',
  ])
})

test('a second judgement is told only where it is loud', async () => {
  const { id, mode, policy, personal } = decided('a')
  const again = {
    type: 'rejudged',
    id,
    mode,
    policy,
    name_hidden: false,
    apps: [],
    reasons: [],
    personal: { salt: 's', names: [], sentence: personal.sentence },
  } as const
  expect(await told({ ...again, verdict: 'allow', would: 'allow' })).toEqual([])
  expect(await told({ ...again, verdict: 'allow', would: 'block' })).toHaveLength(1)
})

test('an ending is told where something failed, and not where the client left', async () => {
  const failed = ended('a', { ending: 'failed', code: 'dial.refused', message: 'no connection to 192.0.2.1:443 (refused)' })
  const silent = ended('a', { ending: 'failed', code: 'relay.reset', message: null })
  expect(await told(ended('a'), ended('a', { ending: 'client-gone', code: 'client.gone' }), failed, silent)).toEqual([
    'info Ended: no connection to 192.0.2.1:443 (refused) {"flow":"a","code":"dial.refused"}',
    'info Ended: relay.reset {"flow":"a","code":"relay.reset"}',
  ])
})

test('what was not written is not told', async () => {
  const lines: string[] = []
  const log = { info: (_: object, message: string) => lines.push(message), warn: (_: object, message: string) => lines.push(message) }
  const full = { append: () => Promise.reject(new Error('the disk is full')) }
  await expect(followInLog(full, log).append(decided('a'))).rejects.toThrow('the disk is full')
  expect(lines).toEqual([])
})
