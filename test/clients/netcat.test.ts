/** OpenBSD's netcat by each of its proxy protocols: bytes both ways, a server that speaks first, and one that waits for FIN. */
import { beforeEach, describe, expect, test } from 'vitest'
import { findProgram } from '../support/listening-program.ts'
import { answersAfterFin, bannerFirst, startOrigin } from '../support/origin-server.ts'
import { notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'
import { runProgram } from '../support/run-program.ts'
import { patternBytes, sha256 } from '../support/web-site.ts'

const AMERICA = '170.114.1.1'
const CHINA = '52.81.151.250'

beforeEach(async (context) => {
  // The traditional one has no -X.
  if (findProgram('nc') === null || !(await runProgram('nc', ['-h'])).stderr.includes('OpenBSD')) context.skip('needs netcat-openbsd')
})

const open = async (serve: Parameters<typeof startOrigin>[0]) => {
  const origin = await startOrigin(serve)
  const proxy = await openProxy({
    names: { 'host.example': [AMERICA] },
    policy: policyText('enforce', notToChina),
    routes: { [AMERICA]: origin.port },
  })
  return { origin, proxy }
}

describe.each([
  // SOCKS4 has addresses only, and this one looks no names up for it.
  { protocol: 'connect', host: 'host.example', refused: /403/ },
  { protocol: '4', host: AMERICA, refused: /SOCKSv4 error: Request rejected or failed/ },
  { protocol: '5', host: 'host.example', refused: /SOCKSv5 error: Connection not allowed by ruleset/ },
])('nc -X $protocol', ({ protocol, host, refused }) => {
  const nc = (port: number, to: readonly string[], input: string | Uint8Array) =>
    runProgram('nc', ['-N', '-w', '5', '-X', protocol, '-x', `127.0.0.1:${port}`, ...to], { input })

  test('hears who speaks first, and is echoed', async () => {
    const { proxy } = await open(bannerFirst('220 hello\r\n'))
    const { status, stdout } = await nc(proxy.port, [host, '25000'], 'and I answer\n')
    expect({ status, stdout }).toEqual({ status: 0, stdout: '220 hello\r\nand I answer\n' })
    await proxy.flowsOver(1)
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'allow', port: 25_000, personal: { asked: host } }])
    expect(proxy.writer.ended).toMatchObject([{ up: 13, down: 24, dialled: AMERICA, ending: 'completed' }])
  })

  test('ends its side, and still gets the answer', async () => {
    const content = patternBytes(1_000_000)
    const { origin, proxy } = await open(answersAfterFin((received) => `got ${received.length}`))
    expect(await nc(proxy.port, [host, '9000'], content)).toMatchObject({ status: 0, stdout: `got ${content.length}` })
    expect(sha256(origin.connections[0]?.bytes ?? '')).toBe(sha256(content))
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ up: content.length, down: 11, ending: 'completed' }])
  })

  test('is refused what is forbidden', async () => {
    const { proxy } = await open(bannerFirst('never'))
    const { status, stdout, stderr } = await nc(proxy.port, [CHINA, '80'], 'x')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(refused)
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'block', personal: { asked: CHINA } }])
  })
})
