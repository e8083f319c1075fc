/** A test authority and what it vouches for, made with openssl for the run of one test file: no key is in the repository. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface TestAuthority {
  /** PEM, for `ca`. */
  readonly ca: string
  /** `names` as in subjectAltName: `DNS:dns.test`, `IP:127.0.0.1`. `expired`: it was valid in 2020. */
  vouchFor(names: readonly string[], expired?: 'expired'): Promise<Certificate>
  remove(): Promise<void>
}

const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export async function makeAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-ca-'))
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: folder })
  const read = (file: string) => readFile(join(folder, file), 'utf8')
  await openssl('req', '-x509', ...ecKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Ringfence test CA', '-days', '3')
  await writeFile(join(folder, 'ca.cnf'), authorityFile)
  await writeFile(join(folder, 'index.txt'), '')
  let made = 0
  return {
    ca: await read('ca.crt'),
    vouchFor: async (names, expired) => {
      const leaf = `leaf${++made}`
      await writeFile(join(folder, `${leaf}.ext`), `subjectAltName=${names.join(',')}\nbasicConstraints=CA:FALSE\n`)
      await openssl('req', '-new', ...ecKey, '-keyout', `${leaf}.key`, '-out', `${leaf}.csr`, '-subj', `/CN=${leaf}`)
      const time = expired === undefined ? ['-days', '2'] : ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z']
      const files = ['-in', `${leaf}.csr`, '-out', `${leaf}.crt`, '-extfile', `${leaf}.ext`]
      await openssl('ca', '-config', 'ca.cnf', '-batch', '-notext', '-rand_serial', ...files, ...time)
      return { cert: await read(`${leaf}.crt`), key: await read(`${leaf}.key`) }
    },
    remove: () => rm(folder, { recursive: true }),
  }
}

/** `openssl ca` alone can date a certificate back, and wants its habits in a file. */
const authorityFile = `[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
serial = serial
policy = any
unique_subject = no
[any]
commonName = supplied
`
