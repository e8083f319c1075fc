/** What the texts are made of, the same on every machine, and the texts themselves as files. UPDATE_GOLDEN=1 rewrites them. */
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { Parameters, Target } from '../../../src/cli/setup/target.ts'

const door = { at: '127.0.0.1:8080', host: '127.0.0.1', port: 8080, login: false, secure: false }

/** The defaults, on a machine of its own. */
export const here: Parameters = {
  door,
  elsewhere: false,
  pac: { doors: [door], pac: { directFallback: false, localDirect: false }, localNames: ['localhost', 'internal'] },
  pacUrl: 'http://127.0.0.1:8081/proxy.pac',
  user: 'ringfence',
  dnsUser: null,
  config: null,
  ports: [8080, 8081],
  program: ['/usr/bin/node', '/opt/ringfence/dist/main.js'],
  command: 'ringfence',
}

const far = { at: '192.0.2.10:3128', host: '192.0.2.10', port: 3128, login: true, secure: false }

/** A laptop whose proxy is elsewhere and asks for a login; local names go direct. */
export const away: Parameters = {
  ...here,
  door: far,
  elsewhere: true,
  pac: { ...here.pac, doors: [far], pac: { directFallback: false, localDirect: true } },
  pacUrl: null,
}

/** The text for a machine with its own proxy, and for one whose proxy is elsewhere, as files. */
export function expectGolden(name: string, target: Target): void {
  for (const [where, parameters] of Object.entries({ here, away })) {
    const file = path.join(import.meta.dirname, 'golden', `${name}-${where}.txt`)
    const notes = target.notes?.(parameters).map((line) => `(note) ${line}\n`) ?? []
    const text = target.text(parameters) + notes.join('')
    if (process.env.UPDATE_GOLDEN === '1') fs.writeFileSync(file, text)
    expect(text).toBe(fs.readFileSync(file, 'utf8'))
  }
}

/** Of what was not tried, the reader is told so, in the text or beside it. */
export function expectToSayNotTried(target: Target): void {
  expect(target.tried).toBe(false)
  expect(target.text(here) + (target.notes?.(here) ?? []).join('\n')).toContain('Not tried')
}
