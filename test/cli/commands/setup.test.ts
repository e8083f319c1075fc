import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { setupCommand } from '../../../src/cli/commands/setup.ts'
import { targets } from '../../../src/cli/setup/index.ts'
import { freePort } from '../../support/listening-program.ts'
import { openProxy } from '../../support/proxy-under-test.ts'
import { expectScreen, folderWith, ran } from '../screen.ts'

const node = (settings = '') => {
  const folder = folderWith({ 'ringfence.yaml': settings })
  return {
    folder,
    run: (...args: readonly string[]) => ran((out) => setupCommand(() => out), [...args, '--config', path.join(folder, 'ringfence.yaml')]),
  }
}

test('without a target, the list: one line each', async () => {
  const { shown, code } = await node().run()
  expect(code).toBe(0)
  expectScreen('setup', shown)
  expect(shown.trimEnd().split('\n')).toHaveLength(Object.keys(targets).length + 1)
  expect(JSON.parse((await node().run('--json')).shown)[0]).toMatchObject({ target: 'shell', tried: true })
})

test('with one, the text of these settings and flags, and nothing else', async () => {
  const { run } = node('inbounds: [{ type: mixed, listen: "127.0.0.1:9000" }]')
  expect((await run('npm')).shown).toContain('\nproxy=http://127.0.0.1:9000\n')
  expect((await run('npm', '--proxy-host', '192.0.2.10')).shown).toContain('\nproxy=http://192.0.2.10:9000\n')
  expect((await run('pac', '--direct-fallback')).shown).toContain('"PROXY 127.0.0.1:9000; SOCKS5 127.0.0.1:9000; DIRECT"')
  expect((await run('pac', '--local-direct')).shown).toContain('"home.arpa"')
  expect((await run('firewall-linux', '--uid', '1001', '--dns-uid', 'systemd-resolve')).shown).toMatch(
    /skuid 1001 accept\n.*skuid "systemd-resolve" meta l4proto/s,
  )
})

test('as JSON, with its notes and where it belongs', async () => {
  const { target, file, tried, notes, text } = JSON.parse((await node().run('firefox', '--json')).shown)
  expect({ target, file, tried }).toEqual({ target: 'firefox', file: '/etc/firefox/policies/policies.json', tried: false })
  expect(notes.length).toBeGreaterThan(0)
  expect(JSON.parse(text).policies.Proxy.Mode).toBe('manual')
})

test('to a file, and never over one that is there', async () => {
  const { run, folder } = node()
  const file = path.join(folder, 'npmrc')
  expect(await run('npm', '--out', file)).toMatchObject({ code: 0, shown: '' })
  expect(fs.readFileSync(file, 'utf8')).toContain('proxy=http://127.0.0.1:8080\n')
  expect(await run('git', '--out', file)).toMatchObject({ code: 2, error: expect.stringContaining('there is such a file already') })
  expect(fs.readFileSync(file, 'utf8')).toContain('proxy=http://127.0.0.1:8080\n')
})

test.each([
  [['chromum'], /there is no target "chromum", did you mean "chromium"\?/],
  [['__proto__'], /there is no target "__proto__"/],
  [['npm', '--check'], /--check takes no target/],
  [['--probe', '1.1.1.1:443'], /--probe goes with --check/],
  [['--check', '--probe', 'example.com:443'], /"example\.com:443" is a name; give an address and a port/],
  [['--check', '--probe', '1.1.1.1'], /--probe: /],
  [['--out', 'x'], /--out goes with a target/],
  [['npm', '--door', 'mixed'], /--door goes with --proxy-host/],
  [['npm', '--proxy-host', 'https://x:1'], /^--proxy-host: write HOST:PORT, without https:\/\/$/],
  [['--check', '--probe', 'https://1.1.1.1:443'], /--probe: write HOST:PORT, without https:\/\/$/],
  [['npm', '--out', '/no/such/folder/npmrc'], /^setup: --out: \/no\/such\/folder\/npmrc: could not be written: no such file or directory$/],
  [['firewall-linux', '--proxy-host', 'proxy.example'], /is a name/],
])('%j is bad input', async (args, error) => {
  expect(await node().run(...args)).toMatchObject({ code: 2, shown: '', error: expect.stringMatching(error) })
})

test('--check of a proxy that runs and a port that is closed is all good; without the proxy it is not', async () => {
  const proxy = await openProxy()
  const probe = `127.0.0.1:${await freePort()}`
  const { run } = node(`inbounds: [{ type: mixed, listen: "127.0.0.1:${proxy.port}" }]\nweb: { listen: off }\n`)
  const { shown, code } = await run('--check', '--probe', probe)
  expect(shown).toMatch(/^ok {4}doors .*Ringfence answers over HTTP and SOCKS5$/m)
  expect(shown).toMatch(/^ok {4}direct .*closed \(ECONNREFUSED\)/m)
  expect(code).toBe(0)
  expect(JSON.parse((await run('--check', '--json')).shown)).toMatchObject({
    works: true,
    checks: [{ check: 'doors' }, { check: 'pac' }, { check: 'shell' }, { check: 'direct' }],
  })
  // A door that answers, reached directly: what a probe that is open looks like.
  expect(await run('--check', '--probe', `127.0.0.1:${proxy.port}`)).toMatchObject({
    code: 1,
    shown: expect.stringMatching(/^FAIL {2}direct .*: open; /m),
  })
  await proxy.stop(0)
  expect(await run('--check', '--json')).toMatchObject({ code: 1, shown: expect.stringContaining('"works":false') })
})

test('for a door in TLS no target writes an address in clear, whatever other door there is', async () => {
  const { run } = node(`users: users.yaml
inbounds:
  - { type: mixed, name: office, listen: "10.20.0.1:8080", tls: { certificate: door.crt, key: door.key } }
  - { type: mixed, name: here, listen: "127.0.0.1:8081" }
`)
  for (const target of Object.keys(targets)) {
    for (const at of ['10.20.0.1:8080', 'proxy.corp.example:8080', 'proxy.corp.example']) {
      const { shown } = await run(target, '--proxy-host', at)
      expect(shown).not.toMatch(/http:\/\/[^\s"']*(10\.20\.0\.1|proxy\.corp)|"PROXY|8081/)
    }
  }
  expect((await run('git', '--proxy-host', 'proxy.corp.example')).shown).toContain(
    'proxy = https://USER:PASSWORD@proxy.corp.example:8080\n',
  )
  expect((await run('git', '--proxy-host', 'gate.example:443', '--door', 'here')).shown).toContain(
    'http://USER:PASSWORD@gate.example:443\n',
  )
})
