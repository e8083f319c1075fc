/**
 * What those hear whom there is no room for: an HTTP client, known by the first byte of its request, that it may come
 * again; whoever speaks anything else, a reset. Only a few at once are listened to, and not for long, so that a flood of
 * them takes neither descriptors nor memory.
 */
import type { ByteStream } from '../pipeline/byte-stream.ts'
import { type Answer, answerFor, encodeAnswer } from './http-answer.ts'

const AT_ONCE = 16
const LISTEN_MS = 1_000
const RETRY_AFTER_SECONDS = '5'

const retryLater = (sentence: string): Answer => ({
  ...answerFor('limit.full', sentence),
  fields: [{ name: 'Retry-After', value: RETRY_AFTER_SECONDS }],
})

/** For a connection. */
const noConnection = retryLater('This proxy has no room for another connection now. Try again in a moment.')

/** For one more request on a connection that is in. */
export const noRequest = retryLater('This proxy has no room for another request now. Try again in a moment.')

export class NoRoom {
  readonly #now: () => number
  #listening = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether it listens to as many as it may: everybody else is to be reset at once. */
  get isBusy(): boolean {
    return this.#listening >= AT_ONCE
  }

  /** Closes the connection, in one way or the other. */
  tell(stream: ByteStream): void {
    if (this.isBusy) {
      stream.reset()
      return
    }
    let told = false
    this.#listening++
    const timer = setTimeout(() => (told ? stream.destroy() : stream.reset()), LISTEN_MS)
    stream.closed.addEventListener('abort', () => {
      this.#listening--
      clearTimeout(timer)
    })
    const answer = (first: number | undefined) => {
      if (told) return
      told = true
      if (first === undefined || !isLetter(first)) return stream.reset()
      // What it still sends is read and thrown away, or the answer would be lost with the connection (RFC 9112 §9.6).
      stream.end(encodeAnswer(noConnection, { request: null, keepAlive: false, now: this.#now(), flow: null, attributions: [] }))
    }
    stream.receive(
      (chunk) => {
        answer(chunk[0])
        return true
      },
      () => answer(undefined),
    )
  }
}

/** Methods begin with one, as far as they are registered (RFC 9110 §16.1); a greeting of SOCKS or TLS does not. */
const isLetter = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a
