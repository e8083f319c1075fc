/**
 * Via (RFC 9110 §7.6.3): who passed a message on, so that one that comes round again is known. Each proxy names itself
 * by a pseudonym; where ours is there already, the proxies have been set up in a circle.
 */
import { type Field, fieldValues } from './http1-fields.ts'
import type { Http1Version } from './http1-head.ts'

export interface ViaMember {
  /** `1.1`, `HTTP/1.1`. */
  readonly protocol: string
  /** A host, or a pseudonym; with its port, where it has one. */
  readonly by: string
  /** With its parentheses; `null` where there is none. */
  readonly comment: string | null
}

/** What is added to a message that came in this version. */
export const viaField = (received: Http1Version, pseudonym: string): Field => ({ name: 'Via', value: `${received} ${pseudonym}` })

/** Whether the message was here before. A Via that nobody can read convicts by the mere mention: the pseudonym is random. */
export function wasHere(fields: readonly Field[], pseudonym: string): boolean {
  const us = pseudonym.toLowerCase()
  return fieldValues(fields, 'via').some((value) => {
    const members = parseVia(value)
    return members === null ? value.toLowerCase().includes(us) : members.some(({ by }) => by.replace(/:[0-9]*$/, '').toLowerCase() === us)
  })
}

/** Reads one field's list; `null` where it is none. */
export function parseVia(value: string): readonly ViaMember[] | null {
  const members: ViaMember[] = []
  let at = 0
  for (;;) {
    // RFC 9110 §5.6.1.2: empty members are skipped.
    at = endOf(between, value, at)
    if (at === value.length) return members
    member.lastIndex = at
    const [text = '', protocol = '', by = ''] = member.exec(value) ?? []
    if (text === '') return null
    const behind = at + text.length
    at = endOf(space, value, behind)
    let comment: string | null = null
    if (value[at] === '(') {
      const end = endOfComment(value, at)
      if (end === null || at === behind) return null
      comment = value.slice(at, end)
      at = endOf(space, value, end)
    }
    if (at < value.length && value[at] !== ',') return null
    members.push({ protocol, by, comment })
  }
}

const between = /[ \t,]*/y
const space = /[ \t]*/y
const member = /((?:[!#$%&'*+\-.^_`|~\w]+\/)?[!#$%&'*+\-.^_`|~\w]+)[ \t]+((?:[!#$%&'*+\-.^_`|~\w]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?)/y

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex
}

/** RFC 9110 §5.6.5: comments nest, and a backslash quotes. Where the one that begins at `start` ends; `null`: nowhere. */
function endOfComment(text: string, start: number): number | null {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const c = text[at]
    if (c === '\\') at++
    else if (c === '(') depth++
    else if (c === ')' && --depth === 0) return at + 1
  }
  return null
}
