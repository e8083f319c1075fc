/** The certificates and keys of the doors in force, kept up with their files: good ones take the place of those of before, bad ones do not. */
import type { Logger } from 'pino'
import { DoorTls, type TlsMaterial } from '../inbound/tls.ts'
import { OperatorError } from '../model/errors.ts'
import type { InboundSettings, Settings, TlsFiles } from './settings.ts'
import { checkTls, readTls } from './tls.ts'

const LOOK_MS = 1_000

/** Who is told of what a look came to. */
export interface TlsListener {
  readonly replaced: (certificate: string) => void
  readonly refused: (why: string) => void
  readonly unwise: (what: string) => void
}

class LiveTls {
  readonly door: DoorTls
  readonly #files: TlsFiles
  readonly #now: () => number
  readonly #told: TlsListener
  #seen: string

  /** Throws OperatorError where the files can't be used. */
  constructor({ name, login }: InboundSettings, files: TlsFiles, now: () => number, told: TlsListener) {
    this.#files = files
    this.#now = now
    this.#told = told
    const material = readTls(files)
    this.#check(material)
    try {
      this.door = new DoorTls(material, login === 'certificate')
    } catch (cause) {
      throw new OperatorError(`door ${name}: ${files.certificate} cannot be used: ${messageOf(cause)}`, { cause })
    }
    this.#seen = JSON.stringify(material)
  }

  /** Looks whether the files have changed. Two that are replaced one after the other are refused in between, and taken then. */
  look(): void {
    const material = this.#read()
    const seen = JSON.stringify(material)
    if (seen === this.#seen) return
    this.#seen = seen
    try {
      const now = material ?? readTls(this.#files)
      this.#check(now)
      this.door.use(now)
      this.#told.replaced(this.#files.certificate)
    } catch (error) {
      this.#told.refused(messageOf(error))
    }
  }

  #check(material: TlsMaterial): void {
    for (const what of checkTls(material, this.#files, this.#now())) this.#told.unwise(what)
  }

  /** `null`: one of them can't be read. */
  #read(): TlsMaterial | null {
    try {
      return readTls(this.#files)
    } catch {
      return null
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export interface TlsDoors {
  /** By the name of the door. */
  readonly doors: ReadonlyMap<string, DoorTls>
  /** Looks at all files; this happens each second, too, until `stop`. */
  look(): void
  stop(): void
}

/** Reads the files of every door that speaks TLS, and looks at them from then on. Throws OperatorError where they can't be used. */
export function openTls(
  { inbounds }: Pick<Settings, 'inbounds'>,
  now: () => number,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
): TlsDoors {
  const told: TlsListener = {
    replaced: (certificate) => log.info(`certificate read anew: ${certificate}`),
    refused: (why) => log.error(`certificate not read anew: ${why}; that of before stays`),
    unwise: (what) => log.warn(what),
  }
  const live = new Map(
    inbounds.flatMap((door) => (door.tls === null ? [] : [[door.name, new LiveTls(door, door.tls, now, told)] as const])),
  )
  const look = () => {
    for (const each of live.values()) each.look()
  }
  const timer = live.size === 0 ? undefined : setInterval(look, LOOK_MS).unref()
  return { doors: new Map([...live].map(([name, { door }]) => [name, door])), look, stop: () => clearInterval(timer) }
}
