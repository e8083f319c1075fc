/**
 * Questions over HTTP/1.1, one at a time on a connection: pipelined, a slow one would hold up all behind it (RFC 9112
 * §9.3.2). Anything but a whole answer that leaves the connection as it was ends the connection.
 */
import type { Stop } from '../../model/stop.ts'
import { latin1Bytes } from '../../wire/text.ts'
import type { Question, Reply } from './exchange.ts'
import { timedOut } from './failure-words.ts'
import { Http1Answer } from './http1-answer.ts'
import { MEDIA_TYPE, QUERY_ID } from './https-answer.ts'
import type { Requests, RequestsOptions } from './https-carrier.ts'
import { queryBytes } from './matching.ts'

interface Asked {
  readonly answer: Http1Answer
  settle(reply: Reply | null): void
}

export function requestsOverHttp1({ connection, authority, path, heard }: RequestsOptions): Requests {
  let asked: Asked | null = null
  let ended = false

  const end = () => {
    ended = true
    connection.destroy()
    asked?.settle(null)
  }
  /** `bytes`: what came, or `null` for the end of the connection. */
  const take = (bytes: Uint8Array | null) => {
    // Nobody asked: whatever it is, it must not be read as the answer to the next question.
    if (asked === null) return end()
    const { answer, settle } = asked
    const read = bytes === null ? answer.end() : answer.push(bytes)
    if (read === null) return bytes === null ? end() : undefined
    settle(read)
    if (bytes === null || !answer.reusable) end()
  }
  connection.on('data', (chunk: Buffer) => {
    heard()
    take(chunk)
  })
  connection.on('end', () => take(null))
  connection.on('close', end)

  const ask = (question: Question, stop: Stop) =>
    new Promise<Reply | null>((resolve) => {
      const bytes = queryBytes(question, QUERY_ID, true)
      const settle = (reply: Reply | null) => {
        asked = null
        stop.removeEventListener('abort', onStop)
        resolve(reply)
      }
      const onStop = () => {
        settle(timedOut)
        end()
      }
      asked = { answer: new Http1Answer(question), settle }
      stop.addEventListener('abort', onStop)
      const fields = [`Host: ${authority}`, `Content-Type: ${MEDIA_TYPE}`, `Content-Length: ${bytes.length}`, `Accept: ${MEDIA_TYPE}`]
      connection.write(Buffer.concat([latin1Bytes(`POST ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`), bytes]))
    })

  return {
    get free() {
      return !ended && asked === null
    },
    post: ask,
    end,
  }
}
