/** Certificates for tests, made by OpenSSL: an authority, and what it vouches for. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export interface Made {
  readonly certificate: string
  readonly key: string
}

export interface Authority extends Made {
  /** A certificate of this subject: `/CN=anna/OU=office`. */
  issue(subject: string, extensions?: readonly string[]): Made
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']

/** One that vouches for itself. */
export function makeAuthority(subject = '/CN=authority'): Authority {
  const folder = temporaryFolder()
  const make = (name: string, args: readonly string[], extensions: readonly string[]): Made => {
    const [certificate, key] = [path.join(folder, `${name}.pem`), path.join(folder, `${name}.key`)]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    execFileSync('openssl', ['req', '-x509', ...newKey, '-keyout', key, '-out', certificate, ...args, ...added], { stdio: 'pipe' })
    return { certificate: fs.readFileSync(certificate, 'utf8'), key: fs.readFileSync(key, 'utf8') }
  }
  const authority = make('authority', ['-subj', subject], [])
  let count = 0
  return {
    ...authority,
    issue: (of, extensions = ['basicConstraints=critical,CA:FALSE']) =>
      make(
        `issued-${++count}`,
        ['-subj', of, '-CA', path.join(folder, 'authority.pem'), '-CAkey', path.join(folder, 'authority.key')],
        extensions,
      ),
  }
}

/** What the tests' doors show: for localhost and 127.0.0.1. */
export const issueForDoor = (authority: Authority): Made =>
  authority.issue('/CN=localhost', ['basicConstraints=critical,CA:FALSE', 'subjectAltName=DNS:localhost,IP:127.0.0.1'])

/** What an origin shows that goes by this name and this address. */
export const issueFor = (authority: Authority, name: string, address: string): Made =>
  authority.issue(`/CN=${name}`, ['basicConstraints=critical,CA:FALSE', `subjectAltName=DNS:${name},IP:${address}`])

/** A folder that is gone when the test, or the file of tests that made it, is over. */
function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-certificates-'))
  const remove = () => fs.rmSync(folder, { recursive: true, force: true })
  try {
    onTestFinished(remove)
  } catch {
    process.once('exit', remove)
  }
  return folder
}
