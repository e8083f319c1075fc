/** What a command prints, kept as a screen: `golden/NAME.txt` holds the text that people see. UPDATE_GOLDEN=1 rewrites it. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { expect, onTestFinished } from 'vitest'
import { AnsweredNo } from '../../src/cli/answered-no.ts'
import type { Output } from '../../src/cli/output.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { mmdb } from '../support/mmdb-writer.ts'

export function expectScreen(name: string, text: string): void {
  const file = path.join(import.meta.dirname, 'golden', `${name}.txt`)
  if (process.env.UPDATE_GOLDEN === '1') fs.writeFileSync(file, text)
  expect(text).toBe(fs.readFileSync(file, 'utf8'))
}

/** A folder that is gone when the test is over, with these files in it. */
export function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-cli-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content)
  return folder
}

const country = (code: string) => ({ country: { iso_code: code } })

const agreed = { '3.7.0.0/16': 'IN', '8.8.8.0/24': 'US', '52.81.0.0/16': 'CN', '2a00:1450::/32': 'IE' }

const database = (places: Readonly<Record<string, string>>) =>
  mmdb({ networks: Object.entries(places).map(([network, code]) => [network, country(code)]) })

/** Two small databases that agree on most, and settings that name them: what they say never changes. */
export const world: Readonly<Record<string, string | Buffer>> = {
  'one.mmdb': database({ ...agreed, '18.162.0.0/16': 'HK' }),
  'two.mmdb': database({ ...agreed, '18.162.0.0/16': 'CN' }),
  'ringfence.yaml': `
geoip:
  sources:
    - { type: mmdb, path: one.mmdb, role: voter, name: One }
    - { type: mmdb, path: two.mmdb, role: voter, name: Two }
records: { folder: flows }
web: { listen: off }
`,
}

/** Runs a command in this process; its exit code is the command line's. */
export async function ran(command: (out: Output) => Command, args: readonly string[]) {
  let shown = ''
  const write = async (text: string) => {
    shown += text
  }
  const out: Output = { width: Number.POSITIVE_INFINITY, colour: false, closed: new AbortController().signal, write }
  try {
    await command(out).parseAsync(args, { from: 'user' })
    return { shown, code: 0, error: null }
  } catch (error) {
    if (error instanceof AnsweredNo) return { shown, code: 1, error: null }
    if (error instanceof OperatorError) return { shown, code: 2, error: error.message }
    throw error
  }
}
