import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { git } from '../../../src/cli/setup/git.ts'
import { folderWith } from '../screen.ts'
import { away, expectGolden, here } from './made-up.ts'

test('the text', () => expectGolden('git', git))

test('Git reads the proxy from it', () => {
  for (const [parameters, url] of [
    [here, 'http://127.0.0.1:8080'],
    [away, 'http://USER:PASSWORD@192.0.2.10:3128'],
  ] as const) {
    const file = path.join(folderWith({ gitconfig: git.text(parameters) }), 'gitconfig')
    expect(execFileSync('git', ['config', '--file', file, 'http.proxy'], { encoding: 'utf8' })).toBe(`${url}\n`)
  }
})
