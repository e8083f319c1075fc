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
export async function askPassword(whose: string, fromInput: boolean, { input, prompts }: Asking = ofThisProcess()): Promise<string> {
  if (fromInput || input.isTTY !== true) return await firstLine(input)
  const first = await askHidden(`Password of ${whose}: `, input, prompts)
  const second = await askHidden('The same again: ', input, prompts)
  if (first !== second) throw new OperatorError('the two passwords are not the same; nothing was changed')
  return first
}

async function firstLine(input: Readable): Promise<string> {
  for await (const [line] of linesOf(input, new AbortController().signal)) if (line !== undefined) return line.replace(/\r$/, '')
  throw new OperatorError('no password came from the input')
}

function askHidden(question: string, input: Readable, prompts: Writable): Promise<string> {
  prompts.write(question)
  // Without an output readline echoes nothing, and still takes the terminal's own echo away.
  const reader = createInterface({ input, terminal: true })
  return new Promise((resolve, reject) => {
    reader.once('SIGINT', () => reader.close())
    reader.once('close', () => reject(new OperatorError('no password was given; nothing was changed')))
    reader.once('line', (line) => {
      resolve(line)
      reader.close()
    })
  }).then(
    (line) => {
      prompts.write('\n')
      return String(line)
    },
    (error: unknown) => {
      prompts.write('\n')
      throw error
    },
  )
}
