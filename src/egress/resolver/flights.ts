/** One look-up for all who ask for the same name at the same time. It goes on while anybody waits, and ends with the last. */
import type { Hostname } from '../../model/hostname.ts'
import { type Stop, StopSource } from '../../model/stop.ts'
import { givenUp } from '../given-up.ts'

interface Flight<T> {
  readonly stop: StopSource
  readonly landed: Promise<T>
  askers: number
}

export class Flights<T> {
  readonly #flights = new Map<Hostname, Flight<T>>()
  readonly #start: (name: Hostname, stop: Stop) => Promise<T>

  constructor(start: (name: Hostname, stop: Stop) => Promise<T>) {
    this.#start = start
  }

  /** Rejects with the signal's own accident when it fires, else with what the look-up rejects with. */
  join(name: Hostname, signal: Stop): Promise<T> {
    const doing = `looking up ${name}`
    if (signal.aborted) return Promise.reject(givenUp(signal, 'resolve.timeout', doing))
    const flight = this.#flights.get(name) ?? this.#takeOff(name)
    flight.askers++
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', onAbort)
        flight.askers--
      }
      const onAbort = () => {
        leave()
        const why = givenUp(signal, 'resolve.timeout', doing)
        reject(why)
        if (flight.askers > 0) return
        this.#forget(name, flight)
        flight.stop.abort(why)
      }
      signal.addEventListener('abort', onAbort)
      flight.landed.then(
        (value) => {
          leave()
          resolve(value)
        },
        (error: unknown) => {
          leave()
          reject(error)
        },
      )
    })
  }

  #takeOff(name: Hostname): Flight<T> {
    const stop = new StopSource()
    const flight: Flight<T> = { stop, landed: this.#start(name, stop), askers: 0 }
    this.#flights.set(name, flight)
    const forget = () => this.#forget(name, flight)
    flight.landed.then(forget, forget)
    return flight
  }

  #forget(name: Hostname, flight: Flight<T>): void {
    if (this.#flights.get(name) === flight) this.#flights.delete(name)
  }
}
