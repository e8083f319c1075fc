/** A `Stop` for want of time, which is given back when it is not needed any more: AbortSignal.timeout keeps its timer to the end. */
import { RingfenceError } from '../model/errors.ts'
import { StopSource } from '../model/stop.ts'

export class Deadline extends StopSource {
  readonly #timer: NodeJS.Timeout

  /** `doing`: what it is for, as in "the handshake". */
  constructor(milliseconds: number, doing: string) {
    super()
    const late = () => this.abort(new RingfenceError('client.gone', `${doing} took longer than ${milliseconds / 1000} s`))
    this.#timer = setTimeout(late, milliseconds).unref()
  }

  /** It is done in time. */
  clear(): void {
    clearTimeout(this.#timer)
  }
}
