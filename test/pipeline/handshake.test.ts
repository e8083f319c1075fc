import { expect, test } from 'vitest'
import { readMessage } from '../../src/pipeline/handshake.ts'
import { malformed, needMore, type Parsed, value } from '../../src/wire/parsed.ts'
import { never, streamPair, within } from '../support/socket-pair.ts'

/** A message is three letters; a digit is nonsense. */
function parse(bytes: Uint8Array): Parsed<string> {
  const text = Buffer.from(bytes).toString()
  if (/^[a-z]{0,2}\d/.test(text)) return malformed('a digit')
  return text.length < 3 ? needMore : value(text.slice(0, 3), 3)
}

test('messages are read one by one, whatever the cuts, and what follows stays unread', async () => {
  const { near, far } = await streamPair()
  await far.drip('abcdef')
  far.send('rest')
  expect(await readMessage(near, parse, never)).toMatchObject({ kind: 'value', value: 'abc' })
  expect(await readMessage(near, parse, never)).toMatchObject({ kind: 'value', value: 'def' })
  await near.grown(3, never)
  expect(Buffer.from(near.held).toString()).toBe('rest')
})

test('nonsense is told at once and not consumed', async () => {
  const { near, far } = await streamPair()
  far.send('a1')
  expect(await readMessage(near, parse, never)).toEqual({ kind: 'malformed', why: 'a digit' })
  expect(near.held.length).toBe(2)
})

test('a peer that leaves before the message is whole has ended it, by a FIN or by a reset', async () => {
  for (const leave of ['end', 'reset'] as const) {
    const { near, far } = await streamPair()
    far.send('ab')
    await near.grown(1, never)
    far[leave]()
    expect(await readMessage(near, parse, never)).toEqual({ kind: 'ended' })
  }
})

test('a whole message whose sender has left is read', async () => {
  const { near, far } = await streamPair()
  far.send('abc')
  far.end()
  await near.grown(3, never)
  expect(await readMessage(near, parse, never)).toMatchObject({ kind: 'value', value: 'abc' })
})

test('the deadline is for the whole message, however often a byte comes', async () => {
  const { near, far } = await streamPair()
  const wanting = (bytes: Uint8Array): Parsed<string> => (bytes.length < 1_000_000 ? needMore : value('', bytes.length))
  const dripping = setInterval(() => far.send('x'), 10)
  await expect(readMessage(near, wanting, within(100))).rejects.toMatchObject({ name: 'TimeoutError' })
  clearInterval(dripping)
})
