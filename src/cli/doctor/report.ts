/** What the checks found, as a screen: a line each, and below what is amiss the command or setting that mends it. */
import { printable } from '../../model/hostname.ts'
import { type Output, paint, type Style } from '../output.ts'
import type { Finding } from './check.ts'

/** The findings of one check. */
export interface Section {
  readonly check: string
  readonly findings: readonly Finding[]
}

const marks: Readonly<Record<Finding['state'], { readonly mark: string; readonly style: Style }>> = {
  ok: { mark: 'ok', style: 'plain' },
  warn: { mark: 'warn', style: 'yellow' },
  fail: { mark: 'FAIL', style: 'red' },
  skipped: { mark: '-', style: 'dim' },
}

const MARK_COLUMNS = 6
const TEXT_AT = MARK_COLUMNS + 'self-test'.length + 2

/** For people; lines are folded at the width of a terminal, and never for a program. */
export function reportText(sections: readonly Section[], { colour, width }: Pick<Output, 'colour' | 'width'>): string {
  const lines = sections.flatMap(({ check, findings }) =>
    findings.flatMap(({ state, says, mend }, i) => {
      const { mark, style } = marks[state]
      const label = (i === 0 ? check : '').padEnd(TEXT_AT - MARK_COLUMNS)
      const head = `${colour ? paint(mark, style) : mark}${' '.repeat(MARK_COLUMNS - mark.length)}${label}`
      const [first = '', ...more] = folded(says, width - TEXT_AT)
      const mending = mend === undefined ? [] : folded(mend, width - TEXT_AT - 2)
      return [
        `${head}${first}`,
        ...more.map((line) => `${' '.repeat(TEXT_AT)}${line}`),
        ...mending.map((line, n) => `${' '.repeat(TEXT_AT)}${n === 0 ? '→ ' : '  '}${line}`),
      ]
    }),
  )
  return `${lines.join('\n')}\n\n${verdict(sections)}\n`
}

/** Whether something does not work: a warning is no failure. */
export const hasFailed = (sections: readonly Section[]): boolean => countOf(sections, 'fail') > 0

function verdict(sections: readonly Section[]): string {
  const failed = countOf(sections, 'fail')
  const warned = countOf(sections, 'warn')
  return `${failed > 0 ? `${failed} failed` : 'All works'}${warned > 0 ? `, ${warned} to look at` : ''}.`
}

const countOf = (sections: readonly Section[], state: Finding['state']): number =>
  sections.flatMap(({ findings }) => findings).filter((each) => each.state === state).length

/** Words in lines of at most this many characters; a longer word has a line of its own. What comes from outside is made harmless. */
function folded(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of Array.from(text, printable).join('').split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
