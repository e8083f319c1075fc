import { expect, test } from 'vitest'
import { AnsweredNo } from '../../src/cli/answered-no.ts'

test('"no" is told apart from everything that goes wrong', () => {
  const no = new AnsweredNo()
  expect(no).toBeInstanceOf(Error)
  expect(no.name).toBe('AnsweredNo')
  expect(no.message).toBe('')
})
