/** OpenSSH's server, a process for each connection as inetd starts it: a port of its own, a key of its own, one client's key, nobody's settings. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export interface SshServer {
  readonly port: number
  readonly user: string
  /** For `ssh -i`. */
  readonly clientKey: string
  /** The line of a known_hosts file without its first word, the host. */
  readonly hostKey: string
  /** What the server wrote of itself. */
  log(): string
}

/** Where sshd, run by root, wants an empty folder: sshd(8). */
const EMPTY = '/run/sshd'

export async function startSshServer(sshd: string, folder: string): Promise<SshServer> {
  const key = (name: string) => {
    const file = path.join(folder, name)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file], { stdio: 'pipe' })
    return { file, line: fs.readFileSync(`${file}.pub`, 'utf8').trim() }
  }
  const [host, client] = [key('host'), key('client')]
  const authorized = path.join(folder, 'authorized')
  fs.writeFileSync(authorized, `${client.line}\n`)
  const [config, log] = [path.join(folder, 'sshd_config'), path.join(folder, 'sshd.log')]
  const settings = [
    `HostKey ${host.file}`,
    `AuthorizedKeysFile ${authorized}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'PidFile none',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
  ]
  fs.writeFileSync(config, `${settings.join('\n')}\n`)
  fs.writeFileSync(log, '')
  if (process.getuid?.() === 0 && !fs.existsSync(EMPTY)) {
    fs.mkdirSync(EMPTY, { mode: 0o755 })
    onTestFinished(() => fs.rmSync(EMPTY, { recursive: true, force: true }))
  }
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    const child = spawn(sshd, ['-i', '-f', config, '-E', log], { stdio: [socket, socket, 'ignore'] })
    // It has the connection now.
    socket.destroy()
    onTestFinished(() => void child.kill('SIGKILL'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    user: os.userInfo().username,
    clientKey: client.file,
    hostKey: host.line,
    log: () => fs.readFileSync(log, 'utf8'),
  }
}
