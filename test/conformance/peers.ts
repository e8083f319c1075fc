/** Other proxies beside which ours is tried, each with as little to do as its settings allow, all on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram, freePort, untilListening } from '../support/listening-program.ts'

export interface Peer {
  readonly name: string
  readonly port: number
  /** Where its connections to the origin come from. */
  readonly from: string
}

export interface Peers {
  readonly running: readonly Peer[]
  /** Those that this machine lacks. */
  readonly missing: readonly string[]
  stop(): Promise<void>
}

const STOP_MS = 5_000

interface Program {
  readonly name: string
  readonly binary: string
  readonly from: string
  settings(port: number, from: string, folder: string): string
  arguments(settings: string): readonly string[]
}

const programs: readonly Program[] = [
  {
    name: 'squid',
    binary: 'squid',
    from: '127.0.0.2',
    settings: (port, from, folder) => `http_port 127.0.0.1:${port}
http_access allow all
tcp_outgoing_address ${from}
cache deny all
access_log none
cache_log ${folder}/squid.log
cache_store_log none
pid_filename none
coredump_dir none
netdb_filename none
pinger_enable off
server_persistent_connections off
dns_nameservers 127.0.0.1
dns_timeout 1 second
shutdown_lifetime 0 seconds
visible_hostname peer
`,
    arguments: (settings) => ['-N', '-n', `conformance${process.pid}`, '-f', settings],
  },
  {
    name: 'apache',
    binary: 'apache2',
    from: '127.0.0.3',
    settings: (port, from, folder) => `ServerName peer
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/apache.log
${['mpm_event', 'authz_core', 'env', 'proxy', 'proxy_http', 'proxy_connect'].map((module) => `LoadModule ${module}_module ${modules}/mod_${module}.so`).join('\n')}
Listen 127.0.0.1:${port}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ProxyRequests On
ProxyVia On
AllowCONNECT 1-65535
ProxySourceAddress ${from}
SetEnv proxy-nokeepalive 1
Timeout 5
`,
    arguments: (settings) => ['-D', 'FOREGROUND', '-f', settings],
  },
]

const modules = '/usr/lib/apache2/modules'

/** Starts those that are installed, in a folder of their own. */
export async function startPeers(): Promise<Peers> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-peers-'))
  // Started by root, they become another user that must write here.
  fs.chmodSync(folder, 0o777)
  const children: ChildProcess[] = []
  const stop = async () => {
    await Promise.all(children.map(stopChild))
    fs.rmSync(folder, { recursive: true, force: true })
  }
  const running: Peer[] = []
  const missing: string[] = []
  try {
    for (const { name, binary, from, settings, arguments: argumentsOf } of programs) {
      const program = findProgram(binary)
      if (program === null) {
        missing.push(name)
        continue
      }
      const port = await freePort()
      const file = path.join(folder, `${name}.conf`)
      fs.writeFileSync(file, settings(port, from, folder))
      const child = spawn(program, argumentsOf(file), { cwd: folder, stdio: 'ignore' })
      children.push(child)
      await untilListening(child, port, name, path.join(folder, `${name}.log`))
      running.push({ name, port, from })
    }
    return { running, missing, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // Apache ends its own children on SIGTERM; squid without a lifetime goes at once.
  child.kill('SIGTERM')
  await Promise.race([gone, sleep(STOP_MS, undefined, { ref: false })])
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}
