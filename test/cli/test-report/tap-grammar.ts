/** TAP 14 as strictly as its specification can be taken: what is not in the grammar throws. Subtests and pragmas are not ours. */
import { parse } from 'yaml'

export interface TestPoint {
  readonly ok: boolean
  readonly description: string
  readonly diagnostic: Readonly<Record<string, unknown>> | null
}

export function readTap(text: string): readonly TestPoint[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const [version, plan, ...lines] = text.slice(0, -1).split('\n')
  if (version !== 'TAP version 14') throw new Error(`no version: ${version}`)
  const [, count] = /^1\.\.(0|[1-9]\d*)(?: # [^#]+)?$/.exec(plan ?? '') ?? []
  if (count === undefined) throw new Error(`no plan: ${plan}`)
  const points: TestPoint[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    if (line.startsWith('# ')) continue
    // A description ends at the first hash that no backslash escapes; there are no directives here.
    const [, status, number, escaped] = /^(ok|not ok) ([1-9]\d*) - ((?:[^\\#]|\\[\\#])*)$/.exec(line) ?? []
    if (status === undefined || escaped === undefined) throw new Error(`line ${i + 3} is in no rule of the grammar: ${line}`)
    if (Number(number) !== points.length + 1) throw new Error(`test point ${number} is out of order`)
    const block: string[] = []
    if (lines[i + 1] === '  ---') {
      for (i += 2; lines[i] !== '  ...'; i++) {
        if (!lines[i]?.startsWith('  ')) throw new Error(`line ${i + 3} leaves the block of YAML: ${lines[i]}`)
        block.push(lines[i]?.slice(2) ?? '')
      }
    }
    const diagnostic = block.length === 0 ? null : parse(block.join('\n'), { strict: true, version: '1.2' })
    points.push({ ok: status === 'ok', description: escaped.replace(/\\([\\#])/g, '$1'), diagnostic })
  }
  if (points.length !== Number(count)) throw new Error(`${count} were planned, ${points.length} came`)
  return points
}
