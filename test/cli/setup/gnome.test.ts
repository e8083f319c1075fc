import { execFileSync } from 'node:child_process'
import { test } from 'vitest'
import { gnome } from '../../../src/cli/setup/gnome.ts'
import { away, expectGolden, here } from './made-up.ts'

test('the text', () => expectGolden('gnome', gnome))

test('GNOME knows each key, and takes each value', (context) => {
  const env = { ...process.env, GSETTINGS_BACKEND: 'memory' }
  try {
    if (!execFileSync('gsettings', ['list-schemas'], { encoding: 'utf8', env }).includes('org.gnome.system.proxy'))
      throw new Error('no schema')
  } catch {
    return context.skip('GNOME’s settings are not here')
  }
  for (const parameters of [here, away]) execFileSync('sh', ['-e', '-c', gnome.text(parameters)], { env })
})
