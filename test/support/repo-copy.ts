/**
 * A clone in miniature: this repository's start.mjs and settings, two source files, and one package that npm installs
 * from a file, so that nothing needs a network. The package stands in for typescript and calls the real one.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

const mainText = `
import { greeting } from './greeting.ts'
import words from './words.json' with { type: 'json' }
process.stdout.write(JSON.stringify([greeting, words.word, ...process.argv.slice(2)]))
`

export function makeRepoCopy(folder: string): string {
  const write = (name: string, content: unknown) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'src/start.mjs'])
    write(name, fs.readFileSync(path.join(repository, name), 'utf8'))
  write('src/main.ts', mainText)
  write('src/greeting.ts', "export const greeting: string = 'hello'\n")
  write('src/words.json', { word: 'world' })
  write('src/page/index.html', '<p>')

  const real = createRequire(import.meta.url).resolve('typescript/lib/tsc.js')
  write('vendor/typescript/package.json', { name: 'typescript', version: '1.0.0' })
  write('vendor/typescript/bin/tsc', `require(${JSON.stringify(real)})\n`)
  npm(['pack', './vendor/typescript', '--pack-destination', 'vendor'], folder)
  const tarball = 'vendor/typescript-1.0.0.tgz'
  const integrity = `sha512-${createHash('sha512')
    .update(fs.readFileSync(path.join(folder, tarball)))
    .digest('base64')}`
  const project = { name: 'copy', version: '1.0.0', type: 'module', devDependencies: { typescript: `file:${tarball}` } }
  const installed = { version: '1.0.0', resolved: `file:${tarball}`, integrity, dev: true }
  write('package.json', project)
  write('package-lock.json', {
    name: 'copy',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': project, 'node_modules/typescript': installed },
  })
  // tsconfig.json asks for Node's types, which the copy does without.
  const settings = JSON.parse(fs.readFileSync(path.join(folder, 'tsconfig.json'), 'utf8'))
  write('tsconfig.json', { ...settings, compilerOptions: { ...settings.compilerOptions, types: [] } })
  write('src/node.d.ts', 'declare const process: { argv: string[]; stdout: { write(text: string): void } }\n')
  return folder
}

/** An npm that notes in `log` what it is asked for, then asks the real one; for `npm_execpath`. */
export function makeRecordingNpm(folder: string, log: string): string {
  const file = path.join(folder, 'npm-cli.js')
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(
    file,
    `require('fs').appendFileSync(${JSON.stringify(log)}, process.argv[2] + '\\n')
     const done = require('child_process').spawnSync('npm', process.argv.slice(2), { stdio: 'inherit', shell: process.platform === 'win32' })
     process.exitCode = done.status`,
  )
  return file
}

export interface Started {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly nodeArgs?: readonly string[]
  readonly uid?: number
}

export function start(folder: string, args: readonly string[] = [], { env = {}, nodeArgs = [], uid }: StartOptions = {}): Promise<Started> {
  const user = uid === undefined ? {} : { uid, gid: uid }
  const child = spawn(process.execPath, [...nodeArgs, path.join(folder, 'src', 'start.mjs'), ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  })
  const text = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    text.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    text.stderr += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, ...text }))
  })
}

function npm(args: readonly string[], cwd: string): void {
  execFileSync('npm', args, { cwd, env: cleanEnvironment(), stdio: 'pipe', shell: process.platform === 'win32' })
}

/** Without what `npm test` and vitest put there: a copy must not take this repository's npm settings for its own. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|NODE_OPTIONS|INIT_CWD)/i.test(name)))
}
