/** Lines of a stream, piece by piece as they come: millions a second, where node:readline gives a promise for each. */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A line longer than this is cut into several: what has no line ends must not fill the memory. */
const LONGEST = 64 * 1024

/** The lines of each piece that comes, without their ends (`\n` or `\r\n`). Ends with the stream, or when `signal` fires. */
export async function* linesOf(input: Readable, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8')
  const stop = () => void input.destroy()
  signal.addEventListener('abort', stop, { once: true })
  let rest = ''
  try {
    for await (const piece of input) {
      const lines = (rest + (typeof piece === 'string' ? piece : decoder.write(piece))).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > LONGEST) {
        lines.push(rest)
        rest = ''
      }
      if (lines.length > 0) yield lines
      if (signal.aborted) return
    }
    rest += decoder.end()
    if (rest !== '') yield [rest]
  } catch (error) {
    // Destroyed by us: nobody reads the output any more.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
