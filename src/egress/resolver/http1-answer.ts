/** Reads the HTTP/1.x response to one question, piece by piece and within bounds: as strictly as a door reads an origin's. */
import { parseResponseHead } from '../../wire/http1.ts'
import { type BodyDecoder, bodyDecoder } from '../../wire/http1-body.ts'
import { fieldValues, hasToken } from '../../wire/http1-fields.ts'
import { responseFraming } from '../../wire/http1-framing.ts'
import type { ResponseHead } from '../../wire/http1-head.ts'
import type { Unusable } from './answer.ts'
import type { Question, Reply } from './exchange.ts'
import { type AnswerHead, MAX_MESSAGE, readAnswer, refusedHead, tooLong } from './https-answer.ts'

const HEAD_BYTES = 16_384

const noHttp = (why: string): Unusable => ({ kind: 'failed', why: `sent no valid HTTP: ${why}` })

export class Http1Answer {
  readonly #question: Question
  #held: Uint8Array = new Uint8Array()
  /** Of interim responses as well: they share the bound. */
  #headBytes = 0
  #body: { readonly head: AnswerHead; readonly decoder: BodyDecoder; readonly persists: boolean } | null = null
  readonly #pieces: Uint8Array[] = []
  #size = 0
  #reusable = false

  constructor(question: Question) {
    this.#question = question
  }

  /** Whether the connection may carry another question, now that this one is answered. */
  get reusable(): boolean {
    return this.#reusable
  }

  /** What there is to say once there is; `null`: more must come. */
  push(bytes: Uint8Array): Reply | null {
    if (this.#body !== null) return this.#content(bytes)
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    for (;;) {
      const parsed = parseResponseHead(this.#held, { headBytes: HEAD_BYTES - this.#headBytes })
      if (parsed.kind === 'need-more') return null
      if (parsed.kind === 'malformed') return noHttp(parsed.why)
      this.#headBytes += parsed.consumed
      this.#held = this.#held.subarray(parsed.consumed)
      // RFC 9110 §15.2: any number of interim responses may come first. Nobody asked for another protocol.
      if (parsed.value.status === 101) return noHttp('it switches protocols')
      if (parsed.value.status < 200) continue
      return this.#begin(parsed.value)
    }
  }

  /** The connection has ended: the answer, where its end is that of the content; else `null`. */
  end(): Reply | null {
    if (this.#body === null || this.#body.decoder.end() !== 'complete') return null
    return readAnswer(this.#body.head, Buffer.concat(this.#pieces), this.#question)
  }

  #begin(head: ResponseHead): Reply | null {
    const framing = responseFraming(head, 'POST')
    if (framing.kind === 'malformed') return noHttp(framing.why)
    const [contentType] = fieldValues(head.fields, 'content-type')
    const [age] = fieldValues(head.fields, 'age')
    const answer = { status: head.status, contentType, age }
    const refused = refusedHead(answer)
    if (refused !== null) return refused
    const persists = head.version === '1.1' && !hasToken(head.fields, 'connection', 'close')
    this.#body = { head: answer, decoder: bodyDecoder(framing), persists }
    return this.#content(this.#held)
  }

  #content(bytes: Uint8Array): Reply | null {
    if (this.#body === null) return null
    const { head, decoder, persists } = this.#body
    const part = decoder.push(bytes)
    if (part.kind === 'malformed') return noHttp(part.why)
    for (const piece of part.data) {
      this.#pieces.push(piece)
      this.#size += piece.length
    }
    if (this.#size > MAX_MESSAGE) return tooLong
    if (!part.done) return null
    this.#reusable = persists && part.consumed === bytes.length
    return readAnswer(head, Buffer.concat(this.#pieces), this.#question)
  }
}
