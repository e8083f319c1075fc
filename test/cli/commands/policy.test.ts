import { expect, test } from 'vitest'
import { policyCommand } from '../../../src/cli/commands/policy.ts'

test('every command under "policy" says in one line what it does', () => {
  const { commands } = policyCommand()
  expect(commands.map((command) => command.name())).toEqual(['check', 'show', 'explain', 'impact', 'diff', 'packs', 'overlay', 'schema'])
  for (const command of commands) expect(command.description()).toMatch(/^[a-z][^\n]+$/)
})
