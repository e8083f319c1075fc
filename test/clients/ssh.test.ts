/** OpenSSH through `ProxyCommand nc`, as people set it up: a command, files both ways, many channels in one flow. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { findProgram } from '../support/listening-program.ts'
import { notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'
import { runProgram, testFolder } from '../support/run-program.ts'
import { startSshServer } from '../support/ssh-server.ts'
import { patternBytes, sha256 } from '../support/web-site.ts'

const AMERICA = '170.114.1.1'
const CHINA = '52.81.151.250'
const sshd = findProgram('sshd')

beforeEach((context) => {
  const missing = ['ssh', 'scp', 'ssh-keygen', 'nc'].filter((program) => findProgram(program) === null)
  if (sshd === null || missing.length > 0)
    context.skip(`needs openssh-server, openssh-client and netcat-openbsd: no ${missing[0] ?? 'sshd'}`)
})

const open = async (protocol: string) => {
  const folder = testFolder()
  const server = await startSshServer(sshd ?? '', folder)
  const proxy = await openProxy({
    names: { 'shell.example': [AMERICA], 'china.example': [CHINA] },
    policy: policyText('enforce', notToChina),
    routes: { [AMERICA]: server.port },
  })
  const known = path.join(folder, 'known_hosts')
  fs.writeFileSync(known, `shell.example,${AMERICA} ${server.hostKey}\n`)
  const options = [
    ...['-F', 'none', '-i', server.clientKey],
    ...['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=yes', 'ConnectTimeout=10', `UserKnownHostsFile=${known}`].flatMap(
      (option) => ['-o', option],
    ),
    ...['-o', `ProxyCommand=nc -X ${protocol} -x 127.0.0.1:${proxy.port} %h %p`],
  ]
  return { folder, server, proxy, options }
}

describe.each([
  { protocol: 'connect', host: 'shell.example' },
  { protocol: '5', host: 'shell.example' },
  { protocol: '4', host: AMERICA },
])('ssh by nc -X $protocol', ({ protocol, host }) => {
  test('runs a command there, and sees its status', async () => {
    const { server, proxy, options } = await open(protocol)
    const { status, stdout } = await runProgram('ssh', [...options, `${server.user}@${host}`, 'cat; exit 7'], { input: 'to and fro' })
    expect({ status, stdout, log: server.log() }).toMatchObject({ status: 7, stdout: 'to and fro' })
    await proxy.flowsOver(1)
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'allow', port: 22, personal: { asked: host } }])
    expect(proxy.writer.ended).toMatchObject([{ dialled: AMERICA }])
  })

  test('copies 5 MB both ways, unchanged', async () => {
    const { folder, server, proxy, options } = await open(protocol)
    const content = patternBytes(5_000_000)
    const [here, there, back] = ['here', 'there', 'back'].map((name) => path.join(folder, name))
    if (here === undefined || there === undefined || back === undefined) throw new Error('no file')
    fs.writeFileSync(here, content)
    const remote = `${server.user}@${host}:${there}`
    for (const [from, to] of [
      [here, remote],
      [remote, back],
    ] as const)
      expect(await runProgram('scp', [...options, '-q', from, to])).toMatchObject({ status: 0, stderr: '' })
    for (const file of [there, back]) expect(sha256(fs.readFileSync(file))).toBe(sha256(content))
    await proxy.flowsOver(2)
    const [sent, fetched] = proxy.writer.ended
    expect(sent?.up).toBeGreaterThan(content.length)
    expect(fetched?.down).toBeGreaterThan(content.length)
  })
})

test('ssh is refused what is forbidden', async () => {
  const { proxy, options } = await open('connect')
  const { status, stderr } = await runProgram('ssh', [...options, 'anna@china.example', 'true'])
  expect(status).toBe(255)
  expect(stderr).toMatch(/403/)
  expect(proxy.dialer.tried).toEqual([])
})
