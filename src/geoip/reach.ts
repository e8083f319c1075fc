/**
 * How far a server can be that answered a handshake in so many milliseconds, and which countries that rules out. It can
 * acquit, never convict: a slow answer says nothing, a quick one comes from near (or from somebody in between: see
 * `observe`). Nothing here is ever part of a verdict.
 */
import type { Ip } from '../model/address.ts'
import { type CountryCode, countryInProse, countryLabel } from '../model/country.ts'
import type { Location } from '../model/location.ts'
import type { RuledOut } from '../model/reach.ts'

/** Light in fibre travels at two thirds of its speed in vacuum, there and back: so far one way, for each millisecond of the round trip. */
const FIBRE_KM = 100
/** In vacuum: 299,792.458 km/s (SI), there and back. Nothing is faster. */
const VACUUM_KM = 149.896229

/** Where no vantage is set, nothing can be said. */
export const noReach: Pick<Reach, 'ruledOut'> = { ruledOut: () => null }

export class Reach {
  readonly #borders: ReadonlyMap<CountryCode, number>
  readonly #onOff: (why: string) => void
  #off: string | null = null

  /** `onOff` is told, once, why nothing is ruled out any more. */
  constructor(borders: ReadonlyMap<CountryCode, number>, onOff: (why: string) => void = () => undefined) {
    this.#borders = borders
    this.#onOff = onOff
  }

  /** Why nothing is ruled out any more, or `null`. */
  get off(): string | null {
    return this.#off
  }

  /** Which of the countries that sources name are out of reach; `null` where nothing can be said of this address. */
  ruledOut(location: Location, connectMs: number): readonly RuledOut[] | null {
    if (location.scope !== 'global' || !Number.isFinite(connectMs) || connectMs < 0) return null
    this.#observe(location, connectMs)
    // What is in many places is near in one of them.
    if (this.#off !== null || location.anycast) return null
    const named = new Set(location.answers.flatMap(({ country }) => country ?? []))
    // Judged by what is shown, each rounded to the side of doubt: no record contradicts itself.
    const atMost = Math.ceil(connectMs * FIBRE_KM)
    return [...named].sort().flatMap((country) => {
      const nearest = Math.floor(this.#borders.get(country) ?? 0)
      return nearest > atMost ? [{ country, at_most_km: atMost, nearest_km: nearest }] : []
    })
  }

  /**
   * The canary: an address that its own operator, or an override, places in a country answered faster than light could
   * be there and back. Then somebody in between answers for it (a transparent proxy, an accelerator, a captive portal),
   * or the vantage is wrong, and no other time can be trusted either. One such answer is proof: the clock is monotonic,
   * and nothing makes a handshake shorter.
   */
  #observe({ ip, stated, possible, anycast }: Location, connectMs: number): void {
    const [country, ...others] = possible
    if (this.#off !== null || anycast || stated === null || country === undefined || others.length > 0) return
    const nearest = this.#borders.get(country)
    if (nearest === undefined || nearest <= connectMs * VACUUM_KM) return
    this.#off = sayOff(ip, stated, country, connectMs)
    this.#onOff(this.#off)
  }
}

const sayOff = (ip: Ip, by: string, country: CountryCode, ms: number): string =>
  `${ip}, which ${by} places in ${countryLabel(country)}, answered in ${inMs(ms)}: at most ${inKm(Math.ceil(ms * VACUUM_KM))} away even at the speed of light. Somebody in between answers, or the vantage is wrong; round-trip times rule nothing out any more`

/** `3.1 ms: at most 310 km away; the nearest point of China is 2,900 km away` */
export const reachSentence = (ms: number, { country, at_most_km, nearest_km }: RuledOut): string =>
  `${inMs(ms)}: at most ${inKm(at_most_km)} away; the nearest point of ${countryInProse(country)} is ${inKm(nearest_km)} away`

const inMs = (ms: number): string => `${ms < 100 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`

const inKm = (km: number): string => `${km.toLocaleString('en')} km`
