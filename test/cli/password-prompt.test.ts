import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { askPassword } from '../../src/cli/password-prompt.ts'
import { OperatorError } from '../../src/model/errors.ts'

/** A terminal of which is known whether it shows what is typed. */
function terminal() {
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode(on: boolean) {
      this.isRaw = on
      return this
    },
  })
  const prompts = new PassThrough({ encoding: 'utf8' })
  const shown = () => String(prompts.read() ?? '')
  const typed = (text: string) => {
    // A terminal shows by itself what is typed, unless it is raw.
    if (!input.isRaw) prompts.write(text)
    input.write(text)
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  return { asking: { input, prompts }, input, shown, typed, settled }
}

describe('on a terminal', () => {
  test('it is asked for twice and never shown, also where it is typed at once', async () => {
    const { asking, input, shown, typed, settled } = terminal()
    const answer = askPassword('anna', false, asking)
    expect(shown()).toBe('Password of anna: ')
    typed('pä:ss wort\r')
    await settled()
    expect(shown()).toBe('\nThe same again: ')
    typed('pä:ss wort\r')
    expect(await answer).toBe('pä:ss wort')
    expect([shown(), input.isRaw]).toEqual(['\n', false])
  })

  test('both in one piece', async () => {
    const { asking, typed } = terminal()
    const answer = askPassword('anna', false, asking)
    typed('the same\rthe same\r')
    expect(await answer).toBe('the same')
  })

  test('another one the second time is none', async () => {
    const { asking, typed } = terminal()
    const answer = askPassword('anna', false, asking)
    typed('the same\rthe sane\r')
    await expect(answer).rejects.toThrow(new OperatorError('the two passwords are not the same; nothing was changed'))
  })

  test.each([
    ['Ctrl-C', 'x\u0003'],
    ['Ctrl-D', '\u0004'],
    ['Ctrl-C at the second question', 'the same\rthe\u0003'],
  ])('%s gives up, and the terminal is as it was', async (_, keys) => {
    const { asking, input, typed } = terminal()
    const answer = askPassword('anna', false, asking)
    typed(keys)
    await expect(answer).rejects.toThrow(new OperatorError('no password was given; nothing was changed'))
    expect(input.isRaw).toBe(false)
  })
})

describe('from an input', () => {
  const { prompts } = terminal().asking
  const from = (...pieces: readonly string[]) => askPassword('anna', false, { input: Readable.from(pieces.map(Buffer.from)), prompts })

  test.each([
    ['a line', ['pä:ss wort\n'], 'pä:ss wort'],
    ['a line without end', ['pä:ss', ' wort'], 'pä:ss wort'],
    ['the first of several', ['one\ntwo\n'], 'one'],
    ['a line of Windows', ['one\r\n'], 'one'],
    ['spaces', ['  one \n'], '  one '],
  ])('%s', async (_, pieces, password) => {
    expect(await from(...pieces)).toBe(password)
  })

  test('nothing is told', async () => {
    await expect(from()).rejects.toThrow(new OperatorError('no password came from the input'))
  })

  test('a terminal is one where it is asked for', async () => {
    const { asking, typed, shown } = terminal()
    const answer = askPassword('anna', true, asking)
    typed('the same\n')
    expect(await answer).toBe('the same')
    expect(shown()).toBe('the same\n')
  })
})
