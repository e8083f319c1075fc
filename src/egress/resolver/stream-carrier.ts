/**
 * DNS over one stream, plain or in TLS (RFC 7766): several questions at once, their answers in any order and in any
 * pieces. Anything that is no DNS message ends the stream; one that is malformed fails its own question alone, since whoever
 * owns a name may have chosen its records, and must not choose what becomes of other names.
 */
import type { Socket } from 'node:net'
import type { Stop } from '../../model/stop.ts'
import { parseResponse } from '../../wire/dns.ts'
import { readMessage, withLength } from '../../wire/dns-stream.ts'
import type { Unusable } from './answer.ts'
import { ConnectionUse } from './connection-use.ts'
import type { Question, Reply } from './exchange.ts'
import { connectionFailed, timedOut } from './failure-words.ts'
import type { Broken, Carrier } from './kept-connection.ts'
import { belongs, queryBytes, randomId } from './matching.ts'

const NO_MESSAGE = 'sent what is no DNS message'

export interface OpenedStream {
  /** What the bytes go through, and below it the connection itself: the same where there is no TLS. */
  readonly stream: Socket
  readonly connection: Socket
  /** The event that says that questions can be answered now. */
  readonly ready: 'connect' | 'secureConnect'
  /** Whether nobody on the way can read it. */
  readonly encrypted: boolean
  /** Why it did not become ready. */
  whyFailed(cause: unknown): Unusable
}

interface Waiting {
  readonly question: Question
  settle(reply: Reply | Broken): void
}

export function carryOverStream({ stream, connection, ready, encrypted, whyFailed }: OpenedStream, monotonic: () => number): Carrier {
  const waiting = new Map<number, Waiting>()
  let held: Buffer[] = []
  let heldBytes = 0
  let established = false
  let broken = false

  const destroy = () => {
    broken = true
    stream.destroy()
    connection.destroy()
  }
  const use = new ConnectionUse(connection, destroy, monotonic)
  const breakOff = (failure: Unusable) => {
    if (broken) return
    destroy()
    for (const { settle } of [...waiting.values()]) settle({ kind: 'broken', established, failure })
  }
  const garbage = () => breakOff({ kind: 'failed', why: NO_MESSAGE })

  const onMessage = (message: Uint8Array) => {
    const parsed = parseResponse(message)
    if (parsed.kind === 'malformed') {
      const id = responseId(message)
      const asker = id === null ? undefined : waiting.get(id)
      return asker === undefined ? garbage() : asker.settle({ kind: 'failed', why: NO_MESSAGE })
    }
    const { id } = parsed.value
    const asker = waiting.get(id)
    // Nobody waits for it any more, or it answers something else.
    if (asker === undefined || !belongs(parsed.value, asker.question, id)) return
    // RFC 7766 §5: there is no larger transport to go to.
    if (parsed.value.truncated) asker.settle({ kind: 'failed', why: 'sent half an answer' })
    else asker.settle({ kind: 'response', response: parsed.value, age: 0 })
  }
  stream.on('data', (chunk: Buffer) => {
    use.heard()
    held.push(chunk)
    heldBytes += chunk.length
    // Joined only once there is a whole message: a server that sends single bytes must not make us copy all of them each time.
    if (heldBytes < wanted(held)) return
    let bytes: Uint8Array = Buffer.concat(held)
    for (let next = readMessage(bytes); next.kind !== 'need-more' && !broken; next = readMessage(bytes)) {
      if (next.kind === 'malformed') return garbage()
      onMessage(next.value)
      bytes = bytes.subarray(next.consumed)
    }
    held = [Buffer.from(bytes)]
    heldBytes = bytes.length
  })
  stream.once(ready, () => {
    established = true
  })
  const onEnd = () => breakOff({ kind: 'failed', why: 'closed the connection' })
  stream.on('end', onEnd)
  stream.on('close', onEnd)
  stream.on('error', (error) => breakOff(established ? connectionFailed(error) : whyFailed(error)))
  if (stream !== connection) connection.on('error', (error) => breakOff(connectionFailed(error)))

  return {
    get open() {
      return !broken && !use.retired
    },
    get over() {
      return broken || use.retired
    },
    ask: (question, stop: Stop) =>
      new Promise((resolve) => {
        const id = randomId(waiting)
        const bytes = queryBytes(question, id, encrypted)
        const over = use.begin()
        const settle = (reply: Reply | Broken) => {
          if (!waiting.delete(id)) return
          stop.removeEventListener('abort', onStop)
          resolve(reply)
          over(reply.kind === 'timeout')
        }
        const onStop = () => settle(timedOut)
        waiting.set(id, { question, settle })
        stop.addEventListener('abort', onStop)
        if (stop.aborted) onStop()
        else stream.write(withLength(bytes))
      }),
  }
}

/** How many bytes there must be before reading is worth it. */
function wanted([first]: readonly Buffer[]): number {
  return first === undefined || first.length < 2 ? 2 : 2 + first.readUInt16BE(0)
}

/** The id of what at least calls itself a response (RFC 1035 §4.1.1). */
const responseId = (message: Uint8Array): number | null =>
  ((message[2] ?? 0) & 0x80) === 0 ? null : ((message[0] ?? 0) << 8) | (message[1] ?? 0)
