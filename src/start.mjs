#!/usr/bin/env node
/**
 * What `npm start` and the command `ringfence` run, before anything is installed or built: in a clone it installs what
 * package-lock.json names, compiles src/ into dist/ when that is out of date, then becomes dist/main.js. In a packaged
 * install it only does the last. It knows nothing of proxies, and says what went wrong in one line (exit code 2).
 */
// Plain syntax and default imports only: an old Node must get as far as the version check below. It refuses a file
// with `??`, or with a named import that it lacks, before it runs a line of it.
import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import url from 'node:url'

const OLDEST_NODE = [20, 19]

/** Measured: loading the program has some 110 open at a time, 20 of them before its first line. */
const DESCRIPTORS = 128

const LOCK_BEAT_MS = 1000
/** A holder touches its lock every LOCK_BEAT_MS; one that has been still for this long was killed. */
const LOCK_DEAD_MS = 10000
const LOCK_POLL_MS = 200

const root = path.dirname(path.dirname(url.fileURLToPath(import.meta.url)))
const at = (...parts) => path.join(root, ...parts)
const dist = at('dist')
const lock = at('dist.lock')

/** What the person at the keyboard can do something about: one line, no stack. */
class Trouble extends Error {}

start().catch((error) => {
  if (!(error instanceof Trouble)) throw error
  say(`ringfence: ${error.message}`)
  process.exitCode = 2
})

async function start() {
  const version = process.versions.node
  const [major, minor] = version.split('.').map(Number)
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Trouble(`needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${version}. Install a newer one: https://nodejs.org`)
  }
  needDescriptors()
  const buildOnly = process.argv.length === 3 && process.argv[2] === '--build-only'
  const isClone = fs.existsSync(at('src', 'main.ts')) && !root.split(path.sep).includes('node_modules')
  if (isClone) await prepare()
  if (buildOnly) return
  const main = path.join(dist, 'main.js')
  if (!fs.existsSync(main)) throw new Trouble(`${main} is missing: this install is incomplete, install it again`)
  process.argv[1] = main
  await import(url.pathToFileURL(main).href)
}

/** Asked by opening so many: whatever fails while modules are loaded is told as a fault of the program. */
function needDescriptors() {
  const open = []
  try {
    while (open.length < DESCRIPTORS - 32) open.push(fs.openSync(url.fileURLToPath(import.meta.url), 'r'))
  } catch (error) {
    if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error
    throw new Trouble(`needs at least ${DESCRIPTORS} file descriptors. Raise their limit (ulimit -n), then start again`)
  } finally {
    for (const descriptor of open) fs.closeSync(descriptor)
  }
}

/** Writes nothing when all is up to date, so that a read-only folder that somebody else built just runs. */
async function prepare() {
  if (missingPackages().length === 0 && isBuiltFrom(fingerprint())) return
  await withLock(async (run) => {
    const missing = missingPackages()
    if (missing.length > 0) await install(missing, run)
    // Taken before compiling: what is edited meanwhile is compiled by the next start.
    const sources = fingerprint()
    if (!isBuiltFrom(sources)) await build(sources, run)
  })
}

// --- packages ---------------------------------------------------------------------------------------------------

/** Names of what package-lock.json demands and node_modules lacks, by the hidden lock file that npm leaves there. */
function missingPackages() {
  const wanted = readLock(at('package-lock.json'))
  if (wanted === null) throw new Trouble(`${at('package-lock.json')} cannot be read. Restore it: git checkout package-lock.json`)
  const present = readLock(at('node_modules', '.package-lock.json')) || {}
  return Object.keys(wanted).filter((where) => {
    const want = wanted[where]
    const have = present[where]
    if (!where.startsWith('node_modules/') || want.link) return false
    // An optional package is absent for good where it is made for another platform.
    if (have === undefined) return !want.optional
    if (have.version !== want.version) return true
    if (have.integrity && want.integrity && have.integrity !== want.integrity) return true
    return !fs.existsSync(at(where, 'package.json'))
  })
}

function readLock(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages || null
  } catch (_) {
    return null
  }
}

async function install(missing, run) {
  say(`Installing what is missing (${missing.length} ${missing.length === 1 ? 'package' : 'packages'})…`)
  // dev: the compiler is one of them, also where NODE_ENV=production tells npm to leave them out.
  // Retries: npm's own take over a minute to find out that there is no network.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--prefer-offline']
  args.push('--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000')
  const cache = temporaryCache()
  const env = cache === null ? process.env : { ...process.env, npm_config_cache: cache }
  try {
    for (const npm of npmCommands()) {
      const done = await run(npm.command, [...npm.args, ...args], { env, shell: npm.shell })
      if (done.error && done.error.code === 'ENOENT') continue
      if (done.status === 0) return
      throw installFailed(done)
    }
  } finally {
    if (cache !== null) fs.rmSync(cache, { recursive: true, force: true })
  }
  throw new Trouble(
    'packages are missing, and npm, which installs them, was not found. Install Node with npm (https://nodejs.org), then start again',
  )
}

/** The npm that runs us, else the one in the PATH, else the one that came with this Node; as commands that need no quoting. */
function npmCommands() {
  const commands = []
  const execpath = process.env.npm_execpath
  // Under yarn or pnpm the variable names those.
  if (execpath && /npm-cli\.[cm]?js$/.test(execpath) && fs.existsSync(execpath)) commands.push(execpath)
  const bin = path.dirname(process.execPath)
  const beside = [path.join(bin, 'node_modules'), path.join(bin, '..', 'lib', 'node_modules')]
    .map((folder) => path.join(folder, 'npm', 'bin', 'npm-cli.js'))
    .filter((file) => fs.existsSync(file))
  const byNode = (file) => ({ command: process.execPath, args: [file], shell: false })
  // A .cmd file runs only through a shell, and a shell reports a missing command by status: it stands last.
  if (process.platform === 'win32') return [...commands.map(byNode), ...beside.map(byNode), { command: 'npm.cmd', args: [], shell: true }]
  return [...commands.map(byNode), { command: 'npm', args: [], shell: false }, ...beside.map(byNode)]
}

/** npm insists on a cache folder; a service account often has no home to hold one. */
function temporaryCache() {
  if (process.env.npm_config_cache) return null
  try {
    fs.accessSync(os.homedir(), fs.constants.W_OK)
    return null
  } catch (_) {
    return fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-npm-'))
  }
}

function installFailed(done) {
  const match = /npm (?:error|ERR!) code (\S+)/.exec(done.output)
  const code = match ? match[1] : done.error ? done.error.code : `status ${done.status}`
  const failed = `packages could not be installed (npm: ${code})`
  if (/^(ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR)$/.test(code)) {
    return new Trouble(
      `${failed}: the package registry cannot be reached. Check network and proxy settings (npm config list), then start again`,
    )
  }
  if (/^(EACCES|EPERM|EROFS)$/.test(code)) return notWritable(failed)
  if (code === 'ENOSPC') return new Trouble(`${failed}: the disk is full. Free some space, then start again`)
  if (code === 'EUSAGE')
    return new Trouble(`${failed}: package.json and package-lock.json disagree. Run npm install, or restore both from git`)
  say(done.output.trim())
  return new Trouble(`${failed}; what npm said stands above. Run npm ci in ${root} to try by hand`)
}

// --- dist ---------------------------------------------------------------------------------------------------------

/** Every file that dist/ is made of: [path below src, whether the compiler reads it]. */
function sources() {
  const found = []
  const walk = (below) => {
    for (const entry of fs.readdirSync(at('src', below), { withFileTypes: true })) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) walk(name)
      else if (!/^\.|~$|\.md$/.test(entry.name) && name !== 'start.mjs') found.push({ name, isCode: /\.[cm]?ts$/.test(name) })
    }
  }
  walk('')
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** SHA-256 over paths and contents of all that decides what dist/ holds. Not over times: git and tar rewrite those. */
function fingerprint() {
  const hash = crypto.createHash('sha256')
  const add = (file) => {
    const bytes = fs.readFileSync(at(file))
    hash.update(`${file}\0${bytes.length}\0`).update(bytes)
  }
  const configs = fs.readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name))
  for (const name of configs.sort()) add(name)
  for (const source of sources()) add(`src/${source.name}`)
  return hash.update(compilerVersion()).digest('hex')
}

function compilerVersion() {
  try {
    return JSON.parse(fs.readFileSync(at('node_modules', 'typescript', 'package.json'), 'utf8')).version
  } catch (_) {
    return ''
  }
}

function isBuiltFrom(sourcesHash) {
  try {
    return fs.readFileSync(path.join(dist, '.built'), 'utf8') === sourcesHash && fs.existsSync(path.join(dist, 'main.js'))
  } catch (_) {
    return false
  }
}

async function build(sourcesHash, run) {
  say('Building…')
  for (const name of fs.readdirSync(root)) if (/^dist\.(new|old)-/.test(name)) remove(at(name))
  const fresh = at(`dist.new-${process.pid}`)
  const old = at(`dist.old-${process.pid}`)
  try {
    const tsc = [at('node_modules', 'typescript', 'bin', 'tsc'), '-p', at('tsconfig.build.json'), '--outDir', fresh]
    const done = await run(process.execPath, [...tsc, '--pretty', String(Boolean(process.stderr.isTTY))], {})
    if (done.status !== 0) {
      say(done.output.trim())
      throw new Trouble(`src/ does not compile; dist/ stays as it was`)
    }
    for (const { name, isCode } of sources()) {
      if (isCode) continue
      fs.mkdirSync(path.dirname(path.join(fresh, name)), { recursive: true })
      fs.copyFileSync(at('src', name), path.join(fresh, name))
    }
    fs.writeFileSync(path.join(fresh, '.built'), sourcesHash)
    if (fs.existsSync(dist)) fs.renameSync(dist, old)
    try {
      fs.renameSync(fresh, dist)
    } catch (error) {
      if (fs.existsSync(old) && !fs.existsSync(dist)) fs.renameSync(old, dist)
      throw error
    }
  } catch (error) {
    if (error instanceof Trouble) throw error
    if (isRefusal(error)) throw notWritable('dist/ cannot be built')
    throw new Trouble(`dist/ cannot be built: ${error.message}`)
  } finally {
    remove(fresh)
    remove(old)
  }
}

// --- one at a time --------------------------------------------------------------------------------------------------

/**
 * Holds `dist.lock`, a folder since mkdir is atomic everywhere, while `work` runs. It is kept alive by touching it and
 * not by process id: a clone may be shared by containers, which number their processes alike.
 */
async function withLock(work) {
  const owner = path.join(lock, 'owner')
  const me = `${process.pid} ${crypto.randomBytes(8).toString('hex')}`
  await takeLock(owner, me)
  const children = new Set()
  const release = () => {
    try {
      if (fs.readFileSync(owner, 'utf8') === me) remove(lock)
    } catch (_) {
      // Taken over by somebody who thought us dead.
    }
  }
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
  const quit = (signal) => {
    for (const child of children) child.kill(signal)
    process.exit(signals[signal])
  }
  const beat = setInterval(() => {
    const now = new Date()
    fs.utimes(lock, now, now, () => {})
  }, LOCK_BEAT_MS)
  process.on('exit', release)
  for (const signal of Object.keys(signals)) process.on(signal, quit)
  try {
    return await work((command, args, options) => run(children, command, args, options))
  } finally {
    clearInterval(beat)
    process.removeListener('exit', release)
    for (const signal of Object.keys(signals)) process.removeListener(signal, quit)
    release()
  }
}

async function takeLock(owner, me) {
  for (let saidSo = false; ; await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS))) {
    try {
      fs.mkdirSync(lock)
      fs.writeFileSync(owner, me)
      return
    } catch (error) {
      if (isRefusal(error)) throw notWritable('packages or dist/ are out of date')
      if (error.code !== 'EEXIST') throw new Trouble(`${lock} cannot be made: ${error.message}`)
    }
    if (isDead()) remove(lock)
    else if (!saidSo) say('Another start is building; waiting for it…')
    saidSo = true
  }
}

function isDead() {
  try {
    return Date.now() - fs.statSync(lock).mtimeMs > LOCK_DEAD_MS
  } catch (_) {
    return false
  }
}

function run(children, command, args, options) {
  return new Promise((resolve) => {
    let output = ''
    const child = childProcess.spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, ...options })
    children.add(child)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    const finish = (result) => {
      children.delete(child)
      resolve({ output, status: null, error: null, ...result })
    }
    child.on('error', (error) => finish({ error }))
    child.on('close', (status) => finish({ status, output }))
  })
}

function isRefusal(error) {
  return ['EACCES', 'EPERM', 'EROFS'].includes(error.code)
}

function notWritable(what) {
  return new Trouble(
    `${what}, and ${userName()} may not write in ${root}${ownerOf(root)}. ` +
      'Let its owner run "npm run build" there, or clone into a folder of your own',
  )
}

function userName() {
  try {
    return os.userInfo().username
  } catch (_) {
    // A user id without a line in /etc/passwd, as in containers.
    return typeof process.getuid === 'function' ? `user ${process.getuid()}` : 'this user'
  }
}

function ownerOf(folder) {
  const uid = fs.statSync(folder).uid
  return typeof process.getuid !== 'function' || uid === process.getuid() ? '' : `, which belongs to ${uid === 0 ? 'root' : `user ${uid}`}`
}

function remove(folder) {
  try {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  } catch (_) {
    // Best effort: the next build tries again.
  }
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
