/** Git through the door: a clone and a push by HTTP, in both ways that servers speak it, in clear, in TLS and over SOCKS5. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { issueFor, makeAuthority } from '../support/certificates.ts'
import { startGitServer } from '../support/git-server.ts'
import { findProgram } from '../support/listening-program.ts'
import { notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'
import { runProgram, testFolder } from '../support/run-program.ts'

const AMERICA = '170.114.1.1'
const authority = makeAuthority()
const certificate = issueFor(authority, 'git.example', AMERICA)

beforeEach((context) => {
  if (findProgram('git') === null) context.skip('needs git')
})

/** As on a machine on which nothing is set. */
const env = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'anna',
  GIT_AUTHOR_EMAIL: 'anna@example.org',
  GIT_COMMITTER_NAME: 'anna',
  GIT_COMMITTER_EMAIL: 'anna@example.org',
}

const git = async (...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await runProgram('git', args, { env, milliseconds: 18_000 })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

const writeCommit = async (work: string, file: string): Promise<string> => {
  // More than Git sends with a length of its own: the push goes in chunks.
  fs.writeFileSync(path.join(work, file), randomBytes(2_000_000))
  await git('-C', work, 'add', file)
  await git('-C', work, 'commit', '--quiet', '--message', file)
  return await git('-C', work, 'rev-parse', 'HEAD')
}

const open = async (kind: 'smart' | 'files', secret?: typeof certificate) => {
  const folder = testFolder()
  const bare = path.join(folder, 'served', 'repo.git')
  const seed = path.join(folder, 'seed')
  await git('init', '--quiet', '--bare', '--initial-branch', 'main', bare)
  await git('init', '--quiet', '--initial-branch', 'main', seed)
  const head = await writeCommit(seed, 'first')
  await git('-C', seed, 'push', '--quiet', bare, 'main')
  await git('-C', bare, 'update-server-info')
  const server = await startGitServer(path.dirname(bare), kind, secret)
  const proxy = await openProxy({
    names: { 'git.example': [AMERICA], 'china.example': ['52.81.151.250'] },
    policy: policyText('enforce', notToChina),
    routes: { [AMERICA]: server.port },
  })
  const ca = path.join(folder, 'ca.pem')
  fs.writeFileSync(ca, authority.certificate)
  return { server, proxy, bare, head, work: path.join(folder, 'work'), at: `127.0.0.1:${proxy.port}`, ca }
}

describe.each([
  { proxyScheme: 'http', scheme: 'http' },
  { proxyScheme: 'http', scheme: 'https' },
  { proxyScheme: 'socks5h', scheme: 'http' },
  { proxyScheme: 'socks4a', scheme: 'https' },
])('git by $proxyScheme over $scheme', ({ proxyScheme, scheme }) => {
  test('clones, and pushes more than fits one buffer', async () => {
    const { server, proxy, bare, head, work, at, ca } = await open('smart', scheme === 'https' ? certificate : undefined)
    const through = ['-c', `http.proxy=${proxyScheme}://${at}`, '-c', `http.sslCAInfo=${ca}`]
    await git(...through, 'clone', '--quiet', `${scheme}://git.example/repo.git`, work)
    expect(await git('-C', work, 'rev-parse', 'HEAD')).toBe(head)
    const pushed = await writeCommit(work, 'second')
    await git('-C', work, ...through, 'push', '--quiet', 'origin', 'main')
    expect(await git('-C', bare, 'rev-parse', 'main')).toBe(pushed)
    await git('-C', bare, 'fsck', '--strict')
    expect(server.headers.filter((fields) => fields['transfer-encoding'] === 'chunked')).not.toEqual([])
    await proxy.flowsOver(proxy.offers.length)
    const { decided, ended } = proxy.writer
    const port = scheme === 'https' ? 443 : 80
    expect(new Set(decided.map(({ verdict, port: to, personal }) => `${verdict} ${personal.asked}:${to}`))).toEqual(
      new Set([`allow git.example:${port}`]),
    )
    // Git often leaves TLS by a reset, when all is said.
    const endings = scheme === 'https' ? /^(completed|reset)$/ : /^completed$/
    for (const { ending, dialled } of ended) expect([ending, dialled]).toEqual([expect.stringMatching(endings), AMERICA])
    expect(Math.max(...ended.map(({ up }) => up))).toBeGreaterThan(2_000_000)
    expect(Math.max(...ended.map(({ down }) => down))).toBeGreaterThan(2_000_000)
  })
})

test('git walks a repository of plain files, one request each', async () => {
  const { server, proxy, head, work, at } = await open('files')
  await git('-c', `http.proxy=http://${at}`, 'clone', '--quiet', 'http://git.example/repo.git', work)
  expect(await git('-C', work, 'rev-parse', 'HEAD')).toBe(head)
  await git('-C', work, 'fsck', '--strict')
  await proxy.flowsOver(server.asked.length)
  expect(proxy.writer.decided).toHaveLength(server.asked.length)
})

test('git is told why it may not', async () => {
  const { proxy, work, at } = await open('files')
  const clone = git('-c', `http.proxy=http://${at}`, 'clone', '--quiet', 'http://china.example/repo.git', work)
  await expect(clone).rejects.toThrow(/The requested URL returned error: 403/)
  expect(proxy.dialer.tried).toEqual([])
})
