import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { makeRecordingNpm, makeRepoCopy, start } from './support/repo-copy.ts'

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-start-'))
const built = path.join(scratch, 'built once')
const log = path.join(scratch, 'npm.log')
const recording = { npm_execpath: makeRecordingNpm(path.join(scratch, 'npm'), log) }
const said = () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '')
const hello = (...args: string[]) => JSON.stringify(['hello', 'world', ...args])

// npm and tsc are slow where the machine is busy.
vi.setConfig({ testTimeout: 60_000 })

beforeAll(async () => {
  // Made 0700, and some of these tests run as another user.
  fs.chmodSync(scratch, 0o755)
  makeRepoCopy(built)
  const started = await start(built, ['--build-only'])
  if (started.status !== 0) throw new Error(started.stderr)
}, 60_000)

afterAll(() => {
  for (const name of fs.readdirSync(scratch)) fs.chmodSync(path.join(scratch, name), 0o755)
  fs.rmSync(scratch, { recursive: true, force: true })
})

function copy(name: string): string {
  const folder = path.join(scratch, name)
  fs.cpSync(built, folder, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  return folder
}

const edit = (folder: string, text: string) => fs.writeFileSync(path.join(folder, 'src', 'greeting.ts'), text)
const leftovers = (folder: string) => fs.readdirSync(folder).filter((name) => name.startsWith('dist.'))

describe('a clone', () => {
  test('that is fresh is installed, built and run, in a folder whose name has spaces, and says what takes so long', async () => {
    const folder = makeRepoCopy(path.join(scratch, 'a fresh clone'))
    fs.rmSync(log, { force: true })
    const started = await start(folder, ['--policy', 'no-cn'], { env: recording })
    expect(started).toEqual({
      status: 0,
      stdout: hello('--policy', 'no-cn'),
      stderr: 'Installing what is missing (1 package)…\nBuilding…\n',
    })
    expect(said()).toBe('ci\n')
    expect(fs.existsSync(path.join(folder, 'dist', 'page', 'index.html'))).toBe(true)
    expect(leftovers(folder)).toEqual([])
  })

  test('that is up to date is neither installed nor built again', async () => {
    const folder = copy('up to date')
    fs.rmSync(log, { force: true })
    const before = fs.statSync(path.join(folder, 'dist', '.built')).mtimeMs
    expect(await start(folder, ['run'], { env: recording })).toEqual({ status: 0, stdout: hello('run'), stderr: '' })
    expect(said()).toBe('')
    expect(fs.statSync(path.join(folder, 'dist', '.built')).mtimeMs).toBe(before)
  })

  test('with too few file descriptors says how many it needs', (context) => {
    if (process.platform === 'win32') return context.skip('Windows has no such limit')
    const command = `ulimit -n 60; exec "$0" "$1"`
    const { status, stderr } = spawnSync('/bin/sh', ['-c', command, process.execPath, path.join(built, 'src', 'start.mjs')], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'ringfence: needs at least 128 file descriptors. Raise their limit (ulimit -n), then start again\n',
    })
  })

  test('whose source changed is built again, and not installed', async () => {
    const folder = copy('changed')
    fs.rmSync(log, { force: true })
    edit(folder, "export const greeting = 'good evening'\n")
    expect((await start(folder, [], { env: recording })).stdout).toBe('["good evening","world"]')
    expect(said()).toBe('')
  })

  test.each([
    ['a package is gone', (folder: string) => fs.rmSync(path.join(folder, 'node_modules', 'typescript'), { recursive: true })],
    [
      'a package is older than the lock file says',
      (folder: string) => replace(folder, 'node_modules/.package-lock.json', '1.0.0', '0.9.0'),
    ],
    [
      'a package is another one than the lock file says',
      (folder: string) => replace(folder, 'node_modules/.package-lock.json', 'sha512-', 'sha512-0'),
    ],
  ])('where %s is installed again', async (name, damage) => {
    const folder = copy(name)
    fs.rmSync(log, { force: true })
    damage(folder)
    expect((await start(folder, [], { env: recording })).stdout).toBe(hello())
    expect(said()).toBe('ci\n')
  })

  test('that does not compile says why, and its dist stays', async () => {
    const folder = copy('broken')
    const before = fs.readFileSync(path.join(folder, 'dist', 'greeting.js'), 'utf8')
    edit(folder, "export const greeting: number = 'hello'\n")
    const started = await start(folder)
    expect(started.status).toBe(2)
    expect(started.stdout).toBe('')
    expect(started.stderr).toMatch(
      /^Building…\nsrc\/greeting\.ts\(1,14\): error TS2322: .*\nringfence: src\/ does not compile; dist\/ stays as it was\n$/,
    )
    expect(fs.readFileSync(path.join(folder, 'dist', 'greeting.js'), 'utf8')).toBe(before)
    expect(leftovers(folder)).toEqual([])
  })

  test('with --build-only is built and not run', async () => {
    const folder = copy('build only')
    edit(folder, "export const greeting = 'unheard'\n")
    expect(await start(folder, ['--build-only'])).toEqual({ status: 0, stdout: '', stderr: 'Building…\n' })
    expect(fs.readFileSync(path.join(folder, 'dist', 'greeting.js'), 'utf8')).toContain('unheard')
  })

  test('that is started three times at once runs three times', async () => {
    const folder = copy('at once')
    fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
    edit(folder, "export const greeting = 'hi'\n")
    fs.rmSync(log, { force: true })
    const started = await Promise.all(['1', '2', '3'].map((arg) => start(folder, [arg], { env: recording })))
    expect(started.map(({ status, stdout }) => ({ status, stdout }))).toEqual(
      ['1', '2', '3'].map((arg) => ({ status: 0, stdout: `["hi","world","${arg}"]` })),
    )
    const waited = 'Another start is building; waiting for it…\n'
    expect(started.map(({ stderr }) => stderr).sort()).toEqual([waited, waited, 'Installing what is missing (1 package)…\nBuilding…\n'])
    expect(said()).toBe('ci\n')
    expect(leftovers(folder)).toEqual([])
  })

  test('whose last builder was killed is built all the same', async () => {
    const folder = copy('killed')
    edit(folder, "export const greeting = 'again'\n")
    fs.mkdirSync(path.join(folder, 'dist.lock'))
    fs.mkdirSync(path.join(folder, 'dist.new-1'))
    const longAgo = new Date(Date.now() - 60_000)
    fs.utimesSync(path.join(folder, 'dist.lock'), longAgo, longAgo)
    expect((await start(folder)).stdout).toBe('["again","world"]')
    expect(leftovers(folder)).toEqual([])
  })

  test.each([
    ['ENOTFOUND', 'the package registry cannot be reached'],
    ['ENOSPC', 'the disk is full'],
    ['EUSAGE', 'package.json and package-lock.json disagree'],
  ])('that npm cannot install (%s) says so in one line', async (code, says) => {
    const folder = copy(`npm ${code}`)
    fs.rmSync(path.join(folder, 'node_modules'), { recursive: true })
    fs.writeFileSync(path.join(folder, 'npm-cli.js'), `console.error('npm error code ${code}'); process.exitCode = 1`)
    // The copy's package.json says "type": "module".
    fs.renameSync(path.join(folder, 'npm-cli.js'), path.join(folder, 'npm-cli.cjs'))
    const started = await start(folder, [], { env: { npm_execpath: path.join(folder, 'npm-cli.cjs') } })
    expect(started.status).toBe(2)
    expect(started.stderr).toMatch(
      new RegExp(
        `^Installing what is missing \\(1 package\\)…\\nringfence: packages could not be installed \\(npm: ${code}\\): ${says}.*\\n$`,
      ),
    )
  })
})

describe('a folder that may not be written', () => {
  // Root may write everywhere: it starts the copy as nobody. Anybody else takes the right from himself.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {}
  const forbid = (folder: string) => fs.chmodSync(folder, 0o555)

  test('just runs when all is up to date, also without a home', async (context) => {
    if (process.platform === 'win32') return context.skip('Windows knows no read-only folders')
    const folder = copy('read only')
    forbid(folder)
    expect(await start(folder, ['x'], { ...nobody, env: { HOME: undefined } })).toEqual({ status: 0, stdout: hello('x'), stderr: '' })
  })

  test('says whose it is and what to do when it would have to be built', async (context) => {
    if (process.platform === 'win32') return context.skip('Windows knows no read-only folders')
    const folder = copy('read only and stale')
    edit(folder, "export const greeting = 'never'\n")
    forbid(folder)
    const started = await start(folder, [], nobody)
    expect(started).toMatchObject({ status: 2, stdout: '' })
    expect(started.stderr).toMatch(/^ringfence: packages or dist\/ are out of date, and .* may not write in .*npm run build.*\n$/)
  })
})

describe('a packaged install', () => {
  test('has no sources, and runs dist/main.js', async () => {
    const folder = copy('package')
    for (const gone of ['src/main.ts', 'package-lock.json', 'node_modules']) fs.rmSync(path.join(folder, gone), { recursive: true })
    expect((await start(folder, ['y'])).stdout).toBe(hello('y'))
  })

  test('below node_modules is left as it is, sources or not', async () => {
    const folder = copy('host/node_modules/ringfence')
    edit(folder, "export const greeting = 'not compiled'\n")
    expect((await start(folder)).stdout).toBe(hello())
  })

  test('without dist says so', async () => {
    const folder = copy('incomplete')
    for (const gone of ['src/main.ts', 'dist']) fs.rmSync(path.join(folder, gone), { recursive: true })
    const started = await start(folder)
    expect(started.status).toBe(2)
    expect(started.stderr).toMatch(/^ringfence: .*main\.js is missing: this install is incomplete, install it again\n$/)
  })
})

describe('an old Node', () => {
  test.each(['18.20.4', '20.18.3'])('%s is refused in one line', async (version) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
    const started = await start(built, [], { nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`] })
    expect(started.status).toBe(2)
    expect(started.stderr).toBe(`ringfence: needs Node 20.19 or newer, and this is ${version}. Install a newer one: https://nodejs.org\n`)
  })

  test('can read the file as far as the check: no syntax, no import that Node 12 lacks', () => {
    const text = fs.readFileSync(path.join(built, 'src', 'start.mjs'), 'utf8')
    const source = ts.createSourceFile('start.mjs', text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS)
    const found: string[] = []
    const visit = (node: ts.Node, isInFunction: boolean): void => {
      const isToken = node.kind === ts.SyntaxKind.QuestionQuestionToken || node.kind === ts.SyntaxKind.QuestionDotToken
      const isTopLevelAwait = ts.isAwaitExpression(node) && !isInFunction
      const isNamedImport = ts.isNamedImports(node) || ts.isNamespaceImport(node)
      if (isToken || isTopLevelAwait || isNamedImport) found.push(node.parent.getText(source))
      ts.forEachChild(node, (child) => visit(child, isInFunction || ts.isFunctionLike(node)))
    }
    visit(source, false)
    expect(found).toEqual([])
  })
})

function replace(folder: string, file: string, from: string, to: string): void {
  const where = path.join(folder, file)
  fs.writeFileSync(where, fs.readFileSync(where, 'utf8').replaceAll(from, to))
}
