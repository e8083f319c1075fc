/** Questions over HTTP/2, each a request of its own (RFC 8484 §5.2), so that none waits for another. */
import http2 from 'node:http2'
import type { Stop } from '../../model/stop.ts'
import type { Question, Reply } from './exchange.ts'
import { timedOut } from './failure-words.ts'
import { type AnswerHead, MAX_MESSAGE, MEDIA_TYPE, QUERY_ID, readAnswer, refusedHead, tooLong } from './https-answer.ts'
import type { Requests, RequestsOptions } from './https-carrier.ts'
import { queryBytes } from './matching.ts'

export function requestsOverHttp2({ connection, authority, path, heard }: RequestsOptions): Requests {
  const session = http2.connect(`https://${authority}`, { createConnection: () => connection, settings: { enablePush: false } })
  // Whoever waits learns it from its own request; a server that goes away leaves the connection as it is.
  session.on('error', () => connection.destroy())
  session.on('close', () => connection.destroy())
  return {
    get free() {
      return !session.closed && !session.destroyed
    },
    post: (question, stop) => request(session, path, question, stop, heard),
    end: () => session.destroy(),
  }
}

function request(
  session: http2.ClientHttp2Session,
  path: string,
  question: Question,
  stop: Stop,
  heard: () => void,
): Promise<Reply | null> {
  return new Promise((resolve) => {
    const bytes = queryBytes(question, QUERY_ID, true)
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': MEDIA_TYPE,
      'content-length': bytes.length,
      accept: MEDIA_TYPE,
    })
    const pieces: Buffer[] = []
    let size = 0
    let head: AnswerHead | null = null
    const settle = (reply: Reply | null) => {
      stop.removeEventListener('abort', onStop)
      resolve(reply)
      if (!stream.closed) stream.close(http2.constants.NGHTTP2_CANCEL)
    }
    const onStop = () => settle(timedOut)
    stop.addEventListener('abort', onStop)
    stream.on('response', (headers) => {
      heard()
      head = { status: headers[':status'] ?? 0, contentType: headers['content-type'], age: headers.age }
      const refused = refusedHead(head)
      if (refused !== null) settle(refused)
    })
    stream.on('data', (piece: Buffer) => {
      pieces.push(piece)
      size += piece.length
      if (size > MAX_MESSAGE) settle(tooLong)
    })
    stream.on('end', () => {
      // A session that is torn down ends its requests as well, with what they have so far.
      if (stream.aborted || stream.destroyed || session.destroyed || head === null) settle(null)
      else settle(readAnswer(head, Buffer.concat(pieces), question))
    })
    stream.on('error', () => settle(null))
    stream.on('close', () => settle(null))
    stream.end(bytes)
  })
}
