/**
 * How many look-ups may be under way at once: the others wait in the order in which they came, for some seconds at most,
 * and where too many wait already the next is refused. Sockets and memory stay bounded, whoever asks for how much.
 */
import { RingfenceError } from '../../model/errors.ts'
import type { Hostname } from '../../model/hostname.ts'
import type { Stop } from '../../model/stop.ts'

export interface PlaceSettings {
  readonly places: number
  readonly waiting: number
  readonly waitMs: number
}

export const placeDefaults: PlaceSettings = { places: 512, waiting: 4_096, waitMs: 3_000 }

export class LookUpPlaces {
  readonly #settings: PlaceSettings
  /** In the order of their coming. */
  readonly #line = new Set<() => void>()
  #taken = 0

  constructor(settings: PlaceSettings) {
    this.#settings = settings
  }

  /** Resolves with the way to give the place back. Rejects with `resolve.failed` where there is none, and when `stop` fires. */
  take(name: Hostname, stop: Stop): Promise<() => void> {
    const { places, waiting, waitMs } = this.#settings
    if (this.#taken < places) {
      this.#taken++
      return Promise.resolve(this.#giveBack())
    }
    if (this.#line.size >= waiting) return Promise.reject(tooMany(name, `${places} are under way and ${waiting} wait`))
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        stop.removeEventListener('abort', onStop)
        this.#line.delete(onTurn)
      }
      const onTurn = () => {
        leave()
        resolve(this.#giveBack())
      }
      const onStop = () => {
        leave()
        reject(stop.reason)
      }
      const timer = setTimeout(() => {
        leave()
        reject(tooMany(name, `${places} are under way, and none ended within ${waitMs / 1_000} s`))
      }, waitMs)
      stop.addEventListener('abort', onStop)
      this.#line.add(onTurn)
      if (stop.aborted) onStop()
    })
  }

  #giveBack(): () => void {
    let given = false
    return () => {
      if (given) return
      given = true
      const [next] = this.#line
      // A place goes from hand to hand: nobody who comes just now can step in between.
      if (next === undefined) this.#taken--
      else next()
    }
  }
}

const tooMany = (name: Hostname, why: string): RingfenceError =>
  new RingfenceError('resolve.failed', `${name} was not looked up: too many look-ups at once (${why})`)
