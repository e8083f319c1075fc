import { expect, test } from 'vitest'
import { geoipCommand } from '../../../src/cli/commands/geoip.ts'

test('every subcommand says what it does, and status is what happens without one', () => {
  const command = geoipCommand()
  expect(command.commands.map((each) => each.name())).toEqual(['status', 'update', 'diff', 'rollback', 'lock'])
  for (const each of command.commands) expect(each.description()).toMatch(/^\S.{20,}/)
  expect(command.helpInformation()).toContain('status [options]')
})
