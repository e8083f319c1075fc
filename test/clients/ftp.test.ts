/** FTP, of which Ringfence knows nothing: curl carries both its connections through the door, and each is a flow of its own. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { startFtpServer } from '../support/ftp-server.ts'
import { findProgram } from '../support/listening-program.ts'
import { notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'
import { runProgram, testFolder } from '../support/run-program.ts'
import { patternBytes, sha256 } from '../support/web-site.ts'

const AMERICA = '170.114.1.1'
const content = patternBytes(2_000_000)

beforeEach((context) => {
  if (findProgram('curl') === null) context.skip('needs curl')
})

const curl = (...args: readonly string[]) => runProgram('curl', ['-q', '--silent', '--show-error', '--max-time', '12', ...args])

const open = async () => {
  const ftp = await startFtpServer(AMERICA, { 'there.bin': content })
  const proxy = await openProxy({
    names: { 'files.example': [AMERICA] },
    policy: policyText('enforce', notToChina),
    routes: { [`${AMERICA}:21`]: ftp.port, [`${AMERICA}:${ftp.dataPort}`]: ftp.dataPort },
  })
  return { ftp, proxy, at: `127.0.0.1:${proxy.port}` }
}

describe.each([
  { name: '-p -x http', through: (at: string) => ['-p', '-x', `http://${at}`] },
  { name: '--socks4a', through: (at: string) => ['--socks4a', at] },
  { name: '--socks5-hostname', through: (at: string) => ['--socks5-hostname', at] },
])('curl $name', ({ through }) => {
  test.each([
    ['EPSV', []],
    ['PASV', ['--disable-epsv']],
  ])('fetches a file by %s', async (command, options) => {
    const { ftp, proxy, at } = await open()
    const { status, bytes } = await curl(...through(at), ...options, 'ftp://files.example/there.bin')
    expect({ status, sha256: sha256(bytes) }).toEqual({ status: 0, sha256: sha256(content) })
    expect(ftp.commands).toEqual(expect.arrayContaining(['USER anonymous', command, 'RETR there.bin']))
    await proxy.flowsOver(2)
    expect(proxy.writer.decided.map(({ port, verdict }) => ({ port, verdict }))).toEqual(
      [21, ftp.dataPort].map((port) => ({ port, verdict: 'allow' })),
    )
    const [data] = proxy.writer.ended.filter(({ down }) => down === content.length)
    expect(data).toMatchObject({ up: 0, dialled: AMERICA, ending: 'completed' })
  })

  test('leaves a file', async () => {
    const { ftp, proxy, at } = await open()
    const file = path.join(testFolder(), 'new.bin')
    fs.writeFileSync(file, content)
    expect((await curl(...through(at), '-T', file, 'ftp://files.example/')).status).toBe(0)
    expect(sha256(ftp.files.get('new.bin') ?? '')).toBe(sha256(content))
    await proxy.flowsOver(2)
    expect(proxy.writer.ended).toContainEqual(expect.objectContaining({ up: content.length, down: 0, ending: 'completed' }))
  })
})

test('ftp:// without a tunnel is refused, and the answer says what to do', async () => {
  const { proxy, at } = await open()
  const { stdout } = await curl('--include', '-x', `http://${at}`, 'ftp://files.example/there.bin')
  expect(stdout).toMatch(/^HTTP\/1\.1 501 /)
  expect(stdout).toContain('by CONNECT')
  expect(proxy.dialer.tried).toEqual([])
})
