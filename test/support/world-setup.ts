/**
 * What the tests in namespaces share: the made-up world, `ringfence run` as the process that people start, clients beside
 * it, and what each side saw. `useWorld()` sets it up for one test file, or skips its tests and says why.
 */
import { type ChildProcess, execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { FlowRecord } from '../../src/records/record.ts'
import { createNamespaces, type Finished, type Namespace, type Namespaces, type RunOptions, whyNoNamespaces } from './namespace.ts'
import { allAddresses, certified, nameServer, type WorldReport } from './world-map.ts'

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
const program = path.join(root, 'dist', 'main.js')
const run = promisify(execFile)

const START_MS = 15_000

export interface RingfenceOptions {
  /** A pack's name, or the text of a policy. */
  readonly policy?: string
  readonly mode?: 'observe' | 'enforce'
  /** Laid over the settings of these tests, key by key. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Where it keeps its records; a folder of its own unless given. */
  readonly records?: string
  /** Run inside before the program, which is its last argument: for a changed /etc. */
  readonly wrapper?: readonly string[]
}

/** What tests read of a line of the journal. */
export interface RecordedEvent {
  readonly type: string
  readonly id?: string
  readonly verdict?: string
}

export interface Ringfence {
  readonly port: number
  /** `127.0.0.1:8080`. */
  readonly at: string
  /** What it printed so far. */
  output(): string
  /** What `ringfence flows --json` says, with further arguments. */
  flows(...args: readonly string[]): Promise<readonly FlowRecord[]>
  /** How many flows have been decided so far. */
  count(): number
  /** The records after the first `before`, in the order in which they were decided, once there are `wanted` and all have ended. */
  ended(before: number, wanted?: number): Promise<readonly FlowRecord[]>
  /** The journal's lines, without the fold. */
  events(): readonly RecordedEvent[]
  /** Ends it; resolves with its exit code, or `null` after SIGKILL. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface World {
  readonly inside: Namespace
  readonly outside: Namespace
  /** A folder that is removed afterwards. */
  readonly folder: string
  readonly caFile: string
  ringfence(options?: RingfenceOptions): Promise<Ringfence>
  /** One for several tests, started when the first of them asks. */
  shared(options?: RingfenceOptions): () => Promise<Ringfence>
  /** Runs curl inside: quiet, with the answer's head, the test CA, and a limit of time. */
  curl(args: readonly string[], options?: RunOptions): Promise<Finished>
  /** Runs one of `test/clients/programs/` inside; resolves with what it printed as JSON. */
  client(name: string, input: unknown): Promise<unknown>
  /** What the world saw since the test began. */
  report(): Promise<WorldReport>
  /** `170.114.1.1:80` for each connection that the world accepted since the test began. */
  reached(): Promise<readonly string[]>
}

/** Call it once, at the top of a test file. The world is there from `beforeAll` on. */
export function useWorld(): World {
  let opened: OpenWorld | null = null
  let whyNot: string | null = null
  beforeAll(async () => {
    whyNot = whyNoNamespaces()
    if (whyNot !== null) return
    try {
      opened = await openWorld()
    } catch (error) {
      // Root in CI: there it must work, or the fence goes untested without anybody noticing.
      if (process.env.CI) throw error
      whyNot = `no network namespaces here: ${(error instanceof Error ? error.message : String(error)).trim().replaceAll('\n', ': ')}`
    }
  })
  beforeEach(async (context) => {
    if (whyNot !== null) context.skip(whyNot)
    await opened?.report(true)
  })
  afterEach((context) => {
    if (context.task.result?.state === 'fail') process.stderr.write(opened?.printed() ?? '')
  })
  afterAll(() => opened?.close())
  const world = () => opened ?? fail('the world is there only while tests run')
  return {
    get inside() {
      return world().namespaces.inside
    },
    get outside() {
      return world().namespaces.world
    },
    get folder() {
      return world().folder
    },
    get caFile() {
      return path.join(world().folder, 'ca.crt')
    },
    ringfence: (options) => world().ringfence(options),
    shared: (options) => {
      let started: Promise<Ringfence> | null = null
      return () => {
        started ??= world().ringfence(options)
        return started
      }
    },
    curl: (args, options) =>
      world().namespaces.inside.run(
        ['curl', '-sSi', '--max-time', '12', '--cacert', path.join(world().folder, 'ca.crt'), ...args],
        options,
      ),
    client: (name, input) => runClient(world(), name, input),
    report: () => world().report(false),
    reached: async () => (await world().report(false)).accepted.map(({ address, port }) => `${address}:${port}`),
  }
}

/** A settings file is YAML, of which JSON is a part. */
const baseSettings = {
  version: 1,
  node: 'test',
  inbounds: [{ type: 'mixed', listen: '127.0.0.1:0' }],
  web: { listen: 'off' },
  resolver: { servers: [`udp://${nameServer.host}:${nameServer.port}`] },
}

class OpenWorld {
  readonly namespaces: Namespaces
  readonly folder: string
  readonly #process: ChildProcess
  readonly #running: { readonly child: ChildProcess; readonly text: () => string }[] = []
  #questions = 0

  constructor(namespaces: Namespaces, folder: string, child: ChildProcess) {
    this.namespaces = namespaces
    this.folder = folder
    this.#process = child
  }

  report(forget: boolean): Promise<WorldReport> {
    const id = ++this.#questions
    return new Promise((resolve, reject) => {
      const onMessage = (message: unknown) => {
        const { id: answered, report } = message as { id: number; report: WorldReport }
        if (answered !== id) return
        this.#process.off('message', onMessage)
        resolve(report)
      }
      this.#process.on('message', onMessage)
      this.#process.send({ id, forget }, (error) => error && reject(error))
    })
  }

  async ringfence({ policy = 'no-cn', mode, settings = {}, records: given, wrapper = [] }: RingfenceOptions = {}): Promise<Ringfence> {
    const folder = fs.mkdtempSync(path.join(this.folder, 'ringfence-'))
    const records = given ?? path.join(folder, 'records')
    const isText = policy.includes('\n')
    if (isText) fs.writeFileSync(path.join(folder, 'policy.yaml'), policy)
    const file = path.join(folder, 'ringfence.yaml')
    fs.writeFileSync(
      file,
      JSON.stringify({ ...baseSettings, policy: isText ? './policy.yaml' : policy, records: { folder: records }, ...settings }),
    )
    const command = [...wrapper, process.execPath, program, 'run', '--config', file, ...(mode === undefined ? [] : ['--mode', mode])]
    const child = this.namespaces.inside.start(command, { stdio: ['ignore', 'pipe', 'pipe'] })
    const text = collect(child)
    this.#running.push({ child, text })
    const port = await listening(child, text)

    const flows = async (...args: readonly string[]) => {
      const { stdout } = await run(process.execPath, [program, 'flows', '--json', '--records', records, ...args], {
        maxBuffer: 256 * 1024 * 1024,
      })
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as FlowRecord)
    }
    const decided = () => readEvents(records).filter(({ type }) => type === 'decided')
    const isSettled = (wanted: number) => {
      const all = decided()
      const endings = readEvents(records).filter(({ type }) => type === 'ended').length
      return all.length >= wanted && all.filter(({ verdict }) => verdict === 'block').length + endings >= all.length
    }
    return {
      port,
      at: `127.0.0.1:${port}`,
      output: text,
      flows,
      count: () => decided().length,
      ended: async (before, wanted = 1) => {
        // The last bytes reach the client a moment before the ending reaches the journal.
        for (let tries = 0; tries < 60 && !isSettled(before + wanted); tries++) await pause(50)
        const inOrder = [...(await flows())].sort((a, b) => a.seq - b.seq)
        return inOrder.slice(before).filter(({ ending }) => ending !== 'open')
      },
      events: () => readEvents(records),
      stop: async (signal = 'SIGTERM') => {
        const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
        child.kill(signal)
        return closed
      },
    }
  }

  printed(): string {
    return this.#running.map(({ text }) => text()).join('\n---\n')
  }

  async close(): Promise<void> {
    await this.namespaces.close()
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

async function openWorld(): Promise<OpenWorld> {
  if (!fs.existsSync(program)) throw new Error(`${program} is missing: run "npm run build"`)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-world-'))
  let namespaces: Namespaces | null = null
  try {
    fs.writeFileSync(path.join(folder, 'resolv.conf'), `nameserver ${nameServer.host}\n`)
    fs.writeFileSync(path.join(folder, 'hosts'), '127.0.0.1 localhost\n::1 localhost\n')
    await makeCertificates(folder)
    namespaces = await createNamespaces(folder)
    const source = path.join(root, 'test', 'support')
    const child = namespaces.world.start(
      [process.execPath, '--import', path.join(source, 'load-typescript.mjs'), path.join(source, 'world.ts'), folder],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    )
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve())
      child.once('exit', (status) => reject(new Error(`the world ended with ${status}`)))
      child.once('error', reject)
    })
    return new OpenWorld(namespaces, folder, child)
  } catch (error) {
    await namespaces?.close()
    fs.rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** A test CA, and one certificate for all hosts of the world; made anew each time, so that no key is in the repository. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: folder })
  const names = [...certified.map((name) => `DNS:${name}`), ...allAddresses.map((address) => `IP:${address}`)].join(',')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Ringfence test CA', '-days', '3')
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'leaf.key',
    '-out',
    'leaf.crt',
    '-subj',
    '/CN=world',
    '-days',
    '2',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-addext',
    `subjectAltName=${names}`,
    '-addext',
    'basicConstraints=CA:FALSE',
  )
}

async function runClient({ namespaces, folder }: OpenWorld, name: string, input: unknown): Promise<unknown> {
  const file = path.join(root, 'test', 'clients', 'programs', name)
  const { stdout, stderr } = await namespaces.inside.run([process.execPath, file], {
    input: JSON.stringify(input),
    env: { NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.crt') },
  })
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error(`${name} printed no JSON: ${stdout}${stderr}`)
  }
}

function collect(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return () => text
}

function listening(child: ChildProcess, text: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const port = /"msg":"listening on 127\.0\.0\.1:([0-9]+)"/.exec(text())?.[1]
      if (port !== undefined) settle(() => resolve(Number(port)))
    }
    const settle = (tell: () => void) => {
      clearTimeout(timer)
      child.stdout?.off('data', look)
      child.off('close', onClose)
      tell()
    }
    const onClose = () => settle(() => reject(new Error(`ringfence ended: ${text()}`)))
    const timer = setTimeout(() => settle(() => reject(new Error(`ringfence does not listen: ${text()}`))), START_MS)
    child.on('close', onClose)
    child.stdout?.on('data', look)
  })
}

/** Of a file that is being written, the lines that are whole. */
function readEvents(folder: string): readonly RecordedEvent[] {
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line))
}

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

const fail = (message: string): never => {
  throw new Error(message)
}
