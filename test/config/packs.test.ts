import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findPack, packNames } from '../../src/config/packs.ts'

const folder = path.join(import.meta.dirname, '..', '..', 'config', 'policies')

test('the packs are the files of their folder, by name', () => {
  const files = fs.readdirSync(folder).filter((file) => file.endsWith('.yaml'))
  expect(packNames()).toEqual(files.map((file) => file.replace(/\.yaml$/, '')).sort())
})

test('a pack is found by its name, with its text and where that stands', () => {
  const pack = findPack('no-cn')
  if ('problem' in pack) throw new Error(pack.problem)
  expect(pack.name).toBe('no-cn')
  expect(path.normalize(pack.file)).toBe(path.join(folder, 'no-cn.yaml'))
  expect(pack.text).toBe(fs.readFileSync(path.join(folder, 'no-cn.yaml'), 'utf8'))
})

test('a pack that is not there is told, with the nearest and all that are', () => {
  const all = packNames().join(', ')
  expect(findPack('no-cm')).toEqual({
    problem: `there is no policy pack "no-cm", did you mean "no-cn"? (packs: ${all}; a file's name has a dot or a slash)`,
  })
  expect(findPack('')).toEqual({ problem: `there is no policy pack "" (packs: ${all}; a file's name has a dot or a slash)` })
})

test('no name leads out of the folder', () => expect(findPack('../apps')).toHaveProperty('problem'))
