/** A password from whoever types the command: asked for twice without echo on a terminal, else the first line that comes. */
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { OperatorError } from '../model/errors.ts'
import { linesOf } from './lines.ts'

export interface Asking {
  readonly input: Readable & { readonly isTTY?: boolean }
  /** Where questions are shown: not where the command's answer goes. */
  readonly prompts: Writable
}

const ofThisProcess = (): Asking => ({ input: process.stdin, prompts: process.stderr })

/** Throws OperatorError where none comes, or the second is another one. */
export async function askPassword(whose: string, fromInput: boolean, asking: Asking = ofThisProcess()): Promise<string> {
  if (fromInput || asking.input.isTTY !== true) return await firstLine(asking.input)
  const [first, second] = await askHidden([`Password of ${whose}: `, 'The same again: '], asking)
  if (first === undefined || second === undefined) throw new OperatorError('no password was given; nothing was changed')
  if (first !== second) throw new OperatorError('the two passwords are not the same; nothing was changed')
  return first
}

async function firstLine(input: Readable): Promise<string> {
  for await (const [line] of linesOf(input, new AbortController().signal)) if (line !== undefined) return line.replace(/\r$/, '')
  throw new OperatorError('no password came from the input')
}

/** Fewer answers than questions: whoever was asked gave up (Ctrl-C, Ctrl-D). */
async function askHidden(questions: readonly string[], { input, prompts }: Asking): Promise<readonly string[]> {
  // Without an output readline echoes nothing, and still takes the terminal's own echo away: before the first question,
  // as what is typed that early would be shown.
  const reader = createInterface({ input, terminal: true })
  const lines = reader[Symbol.asyncIterator]()
  const answers: string[] = []
  try {
    for (const question of questions) {
      prompts.write(question)
      const { value, done } = await lines.next()
      prompts.write('\n')
      if (done === true) break
      answers.push(value)
    }
    return answers
  } finally {
    reader.close()
  }
}
