import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseUsers } from '../../src/config/users.ts'
import { replaceFile, withoutUser, withUser } from '../../src/config/users-file.ts'
import { ConfigErrors, OperatorError } from '../../src/model/errors.ts'
import { cheapHash, parsedHash } from './made-up-users.ts'

const user = (name: string, groups: readonly string[] = []) => ({ name, groups, password: parsedHash(`${name}'s`) })
const namesIn = (text: string) => parseUsers(text, 'users.yaml').map(({ name, groups }) => [name, ...groups].join(' '))

const byHand = `# Ours.
version: 1

users:
  # She came first.
  - name: anna
    password: ${cheapHash('open sesame')} # since May
    groups:
      - staff

  - { name: bob, password: "${cheapHash('other')}" }   # leaves in June
`

describe('the text', () => {
  test('of the first user is a file that says what it is', () => {
    const text = withUser(null, 'users.yaml', user('anna', ['staff', 'it']))
    expect(
      text.replace(/\$scrypt.*/, 'HASH'),
    ).toBe(`# Who may log in at the doors of Ringfence. "ringfence users add NAME" writes here; comments are kept.
version: 1
users:
  - name: anna
    groups: [ staff, it ]
    password: HASH
`)
    expect(namesIn(text)).toEqual(['anna staff it'])
  })

  test('keeps what people wrote when one more comes', () => {
    const text = withUser(byHand, 'users.yaml', user('carl', ['it']))
    for (const part of ['# Ours.', '# She came first.', '# since May', '# leaves in June']) expect(text).toContain(part)
    expect(namesIn(text)).toEqual(['anna staff', 'bob', 'carl it'])
  })

  test('has another password and groups in the same place', () => {
    const text = withUser(byHand, 'users.yaml', user('anna', ['it']))
    expect(namesIn(text)).toEqual(['anna it', 'bob'])
    expect(text).toContain('# leaves in June')
  })

  test('loses one, and the last', () => {
    const one = withoutUser(byHand, 'users.yaml', 'anna')
    expect(namesIn(one)).toEqual(['bob'])
    expect(one).toContain('# Ours.')
    const none = withoutUser(one, 'users.yaml', 'bob')
    expect(namesIn(none)).toEqual([])
    expect(namesIn(withUser(none, 'users.yaml', user('dora')))).toEqual(['dora'])
  })

  test('is not changed where it is faulty, or has no such user', () => {
    expect(() => withUser('version: 1\nusers: 7\n', 'users.yaml', user('anna'))).toThrow(ConfigErrors)
    expect(() => withoutUser(byHand, 'users.yaml', 'carl')).toThrow(OperatorError)
  })
})

describe('the file', () => {
  const folder = () => {
    const made = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-users-'))
    onTestFinished(() => fs.rmSync(made, { recursive: true }))
    return made
  }
  const mode = (file: string) => (fs.statSync(file).mode & 0o777).toString(8)

  test('is made for its owner alone, and nothing else is left', async () => {
    const where = folder()
    await replaceFile(path.join(where, 'users.yaml'), 'text')
    expect(fs.readdirSync(where)).toEqual(['users.yaml'])
    expect(fs.readFileSync(path.join(where, 'users.yaml'), 'utf8')).toBe('text')
    expect(mode(path.join(where, 'users.yaml'))).toBe('600')
  })

  test('keeps what its group may do, and takes from others what they might', async () => {
    const file = path.join(folder(), 'users.yaml')
    fs.writeFileSync(file, 'before')
    fs.chmodSync(file, 0o644)
    await replaceFile(file, 'after')
    expect([mode(file), fs.readFileSync(file, 'utf8')]).toEqual(['640', 'after'])
  })

  test('keeps its owner', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root gives files away')
    const file = path.join(folder(), 'users.yaml')
    fs.writeFileSync(file, 'before')
    fs.chownSync(file, 4321, 1234)
    await replaceFile(file, 'after')
    expect(fs.statSync(file)).toMatchObject({ uid: 4321, gid: 1234 })
  })

  test('is replaced where a link leads to, and the link stays', async () => {
    const where = folder()
    fs.writeFileSync(path.join(where, 'real.yaml'), 'before')
    fs.symlinkSync('real.yaml', path.join(where, 'users.yaml'))
    await replaceFile(path.join(where, 'users.yaml'), 'after')
    expect(fs.lstatSync(path.join(where, 'users.yaml')).isSymbolicLink()).toBe(true)
    expect(fs.readFileSync(path.join(where, 'real.yaml'), 'utf8')).toBe('after')
  })

  test('is never seen in part', async () => {
    const file = path.join(folder(), 'users.yaml')
    const texts = [1, 2].map((n) => String(n).repeat(1_000_000))
    await replaceFile(file, texts[0] ?? '')
    const seen = new Set<string>()
    const writing = (async () => {
      for (let i = 0; i < 10; i++) await replaceFile(file, texts[i % 2] ?? '')
    })()
    let over = false
    void writing.finally(() => {
      over = true
    })
    while (!over) {
      seen.add(fs.readFileSync(file, 'utf8'))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect([...seen].every((text) => texts.includes(text))).toBe(true)
  })

  test('that can’t be written is as it was, and the reason is told', async () => {
    await expect(replaceFile('/nowhere/users.yaml', 'text')).rejects.toThrow(/^\/nowhere\/users\.yaml could not be written: /)
  })
})
