/** `ringfence policy`: what a policy says, whether it is sound, and what it would have done. */
import { Command } from 'commander'
import { checkCommand } from './policy/check.ts'
import { diffCommand } from './policy/diff.ts'
import { explainCommand } from './policy/explain.ts'
import { impactCommand } from './policy/impact.ts'
import { overlayCommand } from './policy/overlay.ts'
import { packsCommand } from './policy/packs.ts'
import { schemaCommand } from './policy/schema.ts'
import { showCommand } from './policy/show.ts'

export const policyCommand = (): Command =>
  new Command('policy')
    .description('policies: check them, read them, see what they would have done')
    .addCommand(checkCommand())
    .addCommand(showCommand())
    .addCommand(explainCommand())
    .addCommand(impactCommand())
    .addCommand(diffCommand())
    .addCommand(packsCommand())
    .addCommand(overlayCommand())
    .addCommand(schemaCommand())
