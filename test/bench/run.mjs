/** What `npm run bench` runs: every `*.bench.ts` of this folder, or with arguments those whose name contains one of them. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import '../support/load-typescript.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const wanted = process.argv.slice(2)
const all = fs.readdirSync(here).filter((name) => name.endsWith('.bench.ts'))
const chosen = all.filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)))

if (chosen.length === 0) {
  console.error(`no benchmark is called ${wanted.join(', ')}; there are: ${all.map((name) => name.replace('.bench.ts', '')).join(', ')}`)
  process.exitCode = 2
}
for (const name of chosen) {
  const { bench } = await import(pathToFileURL(path.join(here, name)).href)
  const { title, rows, text } = await bench()
  console.log(`\n${title}`)
  if (text !== undefined) {
    console.log(`\n${text}`)
    continue
  }
  console.table(
    Object.fromEntries(
      rows.map(([what, ours, other, ratio, unit]) => [what, { ours: figure(ours), other: figure(other), ratio: figure(ratio), unit }]),
    ),
  )
}

function figure(number) {
  return number >= 1000 ? Math.round(number).toLocaleString('en') : Number(number.toPrecision(3))
}
