/** `ringfence users`: who may log in at the doors. Passwords are asked for, never arguments, and hashes are never shown. */
import { Command } from 'commander'
import { type Output, outputTo } from '../output.ts'
import { addCommand } from './users/add.ts'
import { listCommand } from './users/list.ts'
import { removeCommand } from './users/remove.ts'

export const usersCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('users')
    .description('who may log in at the doors: add, list, remove')
    .addCommand(listCommand(output), { isDefault: true })
    .addCommand(addCommand(output))
    .addCommand(removeCommand(output))
