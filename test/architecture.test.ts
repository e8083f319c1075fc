/**
 * The shape of the source tree, enforced: which room may import which (DESIGN.md §12), which calls are banned where, and
 * that every file has its test and every test its file. Rules are tables; the way round one is a line in `exceptions`.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

// --- the rules --------------------------------------------------------------------------------------------------------

const anything = 'anything'

interface Room {
  readonly rooms: readonly string[]
  /** Packages and node: modules beside the rooms. The pure rooms list theirs: no I/O, no clock. */
  readonly from: readonly string[] | typeof anything
}

const pure = ['model', 'wire', 'policy', 'geoip']
const road = [...pure, 'pipeline']
const ring = ['inbound', 'egress', 'records', 'gateway', 'capture', 'inspect']
const all = [...road, ...ring, 'config', 'web', 'demo', 'clock', 'version', 'open-door', 'app', 'cli']

/** Each room may import itself and these. What is no folder is a file of src/: `app` is src/app.ts. */
const mayImport: Readonly<Record<string, Room>> = {
  model: { rooms: [], from: [] },
  wire: { rooms: ['model'], from: ['node:crypto', 'node:zlib'] },
  policy: { rooms: ['model'], from: ['node:crypto', 'yaml', 'zod'] },
  geoip: { rooms: ['model'], from: anything },
  pipeline: { rooms: pure, from: anything },
  // The ring: never each other. What two of them need belongs to the road or to the model.
  ...Object.fromEntries(ring.map((name) => [name, { rooms: road, from: anything }])),
  // Settings are the tables of all rooms, put together.
  config: { rooms: [...road, ...ring], from: anything },
  web: { rooms: [...road, ...ring, 'config'], from: anything },
  demo: { rooms: [...road, ...ring, 'config'], from: anything },
  clock: { rooms: ['pipeline'], from: [] },
  version: { rooms: [], from: ['node:fs', 'zod'] },
  'open-door': { rooms: [...road, ...ring, 'config'], from: anything },
  app: { rooms: [...road, ...ring, 'config', 'web', 'demo', 'clock', 'version', 'open-door'], from: anything },
  cli: { rooms: all, from: anything },
  main: { rooms: all, from: anything },
}

/** The road's interfaces are implemented by rooms below and around it: their types may go anywhere but into the model. */
const portsFile = 'pipeline/ports.ts'

interface Ban {
  readonly what: string
  readonly matches: (node: ts.Node, file: ts.SourceFile) => boolean
  readonly allowedIn: readonly string[]
  readonly why: string
}

const bans: readonly Ban[] = [
  {
    what: 'net.connect',
    matches: (node, file) =>
      isMember(node, file, ['node:net', 'node:tls'], ['connect', 'createConnection']) ||
      (ts.isCallExpression(node) && /^new (net\.)?Socket\(.*\)\.connect$/s.test(node.expression.getText(file))),
    allowedIn: ['src/egress/'],
    why: 'only pinned endpoints are connected to; anything else may reach an address that policy did not judge: go through Dialer',
  },
  {
    what: 'TcpConnection.connect',
    matches: (node, file) => ts.isPropertyAccessExpression(node) && node.getText(file) === 'TcpConnection.connect',
    allowedIn: ['src/egress/direct.ts'],
    why: 'only pinned endpoints are connected to: go through Dialer',
  },
  {
    what: 'process.binding',
    matches: (node, file) => ts.isPropertyAccessExpression(node) && /^process\.(binding|_linkedBinding)$/.test(node.getText(file)),
    allowedIn: [],
    why: "Node's insides are known to pipeline/tcp-handle.ts alone",
  },
  {
    what: 'dgram.createSocket',
    matches: (node, file) => isMember(node, file, ['node:dgram'], ['createSocket']),
    allowedIn: ['src/egress/', 'src/pipeline/datagram-socket.ts'],
    why: 'a datagram could go to an address that policy did not judge, or to a name: go through Dialer, or datagramSocketFor',
  },
  {
    what: 'Date.now',
    matches: (node, file) =>
      (ts.isPropertyAccessExpression(node) && /^(globalThis\.)?Date\.now$/.test(node.getText(file))) ||
      (ts.isNewExpression(node) && node.expression.getText(file) === 'Date' && (node.arguments?.length ?? 0) === 0),
    allowedIn: ['src/clock.ts'],
    why: 'time comes from the clock in clock.ts, so that tests and replays can set it: take a Clock',
  },
  {
    what: 'dns.lookup',
    matches: (node, file) => isMember(node, file, ['node:dns', 'node:dns/promises'], ['lookup']),
    allowedIn: [],
    why: 'it holds one of four threads until the system gives up, and a second look-up may answer otherwise than the judged one: take a Resolver',
  },
  {
    what: 'as PinnedEndpoint',
    matches: (node, file) => ts.isAsExpression(node) && /\bPinnedEndpoint\b/.test(node.type.getText(file)),
    allowedIn: ['src/pipeline/decide.ts'],
    why: 'only decide may say that an endpoint was judged and permitted: pass on what it returned',
  },
]

/** Words that say nothing about what a file holds, and so collect everything. */
const namelessWords = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager']

/** Tests of no single file: of a room as a whole, or of the program. */
const wholeProgram = [
  'test/architecture.test.ts',
  'test/integration/',
  'test/e2e/',
  'test/clients/',
  'test/compliance/',
  'test/conformance/',
  'test/support/',
]
const wholeRoom = ['properties', 'cases', 'golden', 'agreement', 'damage', 'known-addresses', 'packs-in-force']

/** Every way round a rule, with its reason. One that is no longer needed fails. */
const exceptions: readonly { readonly file: string; readonly from: string; readonly why: string }[] = [
  { file: 'src/main.ts', from: 'has a test', why: 'the process entry: test/integration/ runs it as a process' },
  { file: 'src/geoip/build-worker.ts', from: 'has a test', why: 'the entry of a thread: test/geoip/build.test.ts runs it as one' },
  { file: 'src/records/folder-lock.ts', from: 'net.connect', why: 'a lock held by a local socket; no network is involved' },
  {
    file: 'src/cli/setup-check/connect.ts',
    from: 'net.connect',
    why: 'whether a program of this machine gets through without the proxy is the question; it goes to the doors, the page, and what --probe names',
  },
]

// --- the tests --------------------------------------------------------------------------------------------------------

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const used = new Set<(typeof exceptions)[number]>()
const sources = filesBelow('src', /\.ts$/).map(parse)
const tests = filesBelow('test', /\.test\.ts$/)

const rules: Readonly<Record<string, () => string[]>> = {
  'imports point one way': () => sources.flatMap(importFaults),

  'banned calls stand only where they belong': () => sources.flatMap(callFaults),

  'every file that does something has its test': () => {
    const tested = new Set(tests.map(subjectOf))
    return sources
      .filter((source) => !tested.has(nounOf(source.fileName)) && hasCode(source) && !isTableOnly(source))
      .filter((source) => !isExcepted(source.fileName, 'has a test'))
      .map(({ fileName }) => `${fileName} has no test: write ${fileName.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts')}`)
  },

  'every test has its file': () => {
    const nouns = new Set(filesBelow('src', /\.(ts|mjs)$/).map(nounOf))
    return tests
      .filter((file) => !wholeProgram.some((where) => file.startsWith(where)))
      .filter((file) => !(wholeRoom.includes(path.posix.basename(subjectOf(file))) && fs.existsSync(path.join(root, roomFolder(file)))))
      .filter((file) => !nouns.has(subjectOf(file)) && !isExcepted(file, 'has a file'))
      .map((file) => `${file} tests no file: src/${subjectOf(file)}.ts does not exist; name a test after what it tests`)
  },

  'every name says what it holds': () =>
    [...filesBelow('src', /./), ...filesBelow('test', /./)].flatMap((file) => {
      const word = file.split(/[/.-]/).find((part) => namelessWords.includes(part.toLowerCase()))
      return word === undefined || isExcepted(file, 'has a name')
        ? []
        : [`${file}: "${word}" could hold anything; name the noun (STYLE.md §1)`]
    }),
}

for (const [name, faults] of Object.entries(rules)) test(name, () => expect(faults()).toEqual([]))

test('every exception is still needed', () => {
  for (const faults of Object.values(rules)) faults()
  expect(exceptions.filter((exception) => !used.has(exception))).toEqual([])
})

// --- reading the tree ---------------------------------------------------------------------------------------------------

function filesBelow(folder: string, pattern: RegExp): string[] {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort()
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, fs.readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.ESNext, true)
}

function nodesOf(source: ts.SourceFile): ts.Node[] {
  const found: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function placeOf(source: ts.SourceFile, node: ts.Node): string {
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`
}

function isExcepted(file: string, from: string): boolean {
  const exception = exceptions.find((candidate) => candidate.file === file && candidate.from === from)
  if (exception !== undefined) used.add(exception)
  return exception !== undefined
}

/** `src/policy/fence.ts` → `policy/fence`; `test/wire/dns.fuzz.test.ts` → `wire/dns`. */
const nounOf = (file: string): string => file.replace(/^(src|test)\//, '').replace(/\.(ts|mjs)$/, '')
const subjectOf = (file: string): string => nounOf(file).replace(/(\/|^)([^/.]+)\.[^/]*$/, '$1$2')
const roomFolder = (file: string): string => path.posix.dirname(file.replace(/^test/, 'src'))
const roomOf = (file: string): string => file.split('/')[1]?.replace(/\.ts$/, '') ?? ''

// --- imports ------------------------------------------------------------------------------------------------------------

interface Import {
  readonly node: ts.Node
  readonly from: string
  readonly typeOnly: boolean
}

function importsOf(source: ts.SourceFile): Import[] {
  return nodesOf(source).flatMap((node): Import[] => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      return [{ node, from: textOf(node.moduleSpecifier), typeOnly: isTypeOnly(node) }]
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      return [{ node, from: textOf(node.argument.literal), typeOnly: true }]
    const isCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
    return isCall && node.arguments[0] !== undefined ? [{ node, from: textOf(node.arguments[0]), typeOnly: false }] : []
  })
}

const textOf = (node: ts.Node): string => (ts.isStringLiteralLike(node) ? node.text : node.getText())

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  const clause = node.importClause
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const names = clause.namedBindings
  return (
    clause.name === undefined && names !== undefined && ts.isNamedImports(names) && names.elements.every((element) => element.isTypeOnly)
  )
}

function importFaults(source: ts.SourceFile): string[] {
  const room = roomOf(source.fileName)
  const rule = mayImport[room]
  if (rule === undefined)
    return [`${source.fileName}: src/${room} is in no line of mayImport (test/architecture.test.ts): say what it may import`]
  return importsOf(source).flatMap(({ node, from, typeOnly }) => {
    const place = placeOf(source, node)
    if (!from.startsWith('.')) {
      const name = from.startsWith('node:') ? from : packageOf(from)
      if (rule.from === anything || rule.from.includes(name)) return []
      return isExcepted(source.fileName, from)
        ? []
        : [`${place} imports ${from}: ${room} is pure, and may use ${listed(rule.from)}; take it as an argument`]
    }
    const target = path.posix.join(path.posix.dirname(source.fileName), from)
    if (!target.startsWith('src/')) return [`${place} imports ${from}: that is outside src/`]
    const other = roomOf(target)
    if (other === room || rule.rooms.includes(other)) return []
    if (typeOnly && target === `src/${portsFile}` && room !== 'model') return []
    if (isExcepted(source.fileName, from)) return []
    return [
      `${place} imports ${from}: ${room} may import ${listed(rule.rooms)}; move what both need down, or take it as an interface that app.ts fills`,
    ]
  })
}

const packageOf = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')

const listed = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '))

// --- calls --------------------------------------------------------------------------------------------------------------

function callFaults(source: ts.SourceFile): string[] {
  const nodes = nodesOf(source)
  return bans.flatMap(({ what, matches, allowedIn, why }) => {
    if (allowedIn.some((where) => source.fileName.startsWith(where))) return []
    const places = nodes.filter((node) => matches(node, source))
    if (places.length === 0 || isExcepted(source.fileName, what)) return []
    return places.map(
      (node) => `${placeOf(source, node)} ${what} ${allowedIn.length === 0 ? 'is banned' : `outside ${allowedIn.join(', ')}`}: ${why}`,
    )
  })
}

/** Is this node a use of one of `members` of one of `modules`: imported by name, or reached through the module's name? */
function isMember(node: ts.Node, source: ts.SourceFile, modules: readonly string[], members: readonly string[]): boolean {
  if (ts.isImportSpecifier(node)) {
    const declaration = node.parent.parent.parent
    const imported = (node.propertyName ?? node.name).text
    return ts.isImportDeclaration(declaration) && modules.includes(textOf(declaration.moduleSpecifier)) && members.includes(imported)
  }
  if (!ts.isPropertyAccessExpression(node) || !members.includes(node.name.text)) return false
  const object = node.expression.getText(source)
  return source.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      modules.includes(textOf(statement.moduleSpecifier)) &&
      namesModule(statement.importClause, object),
  )
}

function namesModule(clause: ts.ImportClause | undefined, name: string): boolean {
  const bindings = clause?.namedBindings
  return clause?.name?.text === name || (bindings !== undefined && ts.isNamespaceImport(bindings) && bindings.name.text === name)
}

// --- what needs no test ---------------------------------------------------------------------------------------------------

/** False for a file of types: when those are stripped, nothing is left that runs. */
function hasCode(source: ts.SourceFile): boolean {
  const { outputText } = ts.transpileModule(source.text, {
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, removeComments: true },
  })
  return outputText.replace(/export \{\};?/g, '').trim() !== ''
}

/** An index.ts that only lists what other files define: `export const matchers = { asn, host } satisfies MatcherTable`. */
function isTableOnly(source: ts.SourceFile): boolean {
  if (path.posix.basename(source.fileName) !== 'index.ts') return false
  return source.statements.every((statement) => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.every(({ initializer }) => isListOfNames(initializer))
    return !ts.isFunctionDeclaration(statement) && !ts.isClassDeclaration(statement) && !ts.isExpressionStatement(statement)
  })
}

function isListOfNames(node: ts.Expression | undefined): boolean {
  if (node === undefined) return false
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)) return isListOfNames(node.expression)
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isListOfNames)
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.every(
      (property) =>
        ts.isShorthandPropertyAssignment(property) || (ts.isPropertyAssignment(property) && isListOfNames(property.initializer)),
    )
  }
  return ts.isIdentifier(node) || ts.isLiteralExpression(node)
}
