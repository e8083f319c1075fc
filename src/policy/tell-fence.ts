/** A fence in plain sentences, for whoever reads a policy without knowing its language. Pure. */
import type { CountryCode } from '../model/country.ts'
import type { Axis } from '../model/verdict.ts'
import { placeName } from './explain-place.ts'
import type { Exception, Fence, Uncertain } from './policy.ts'
import type { Selection } from './selection.ts'
import { formatUntil } from './until.ts'

/** One sentence a line. */
export function tellFence(fence: Fence): readonly string[] {
  const { name, traffic, territory, exceptions, action, uncertain, note, enabled, empty, locked, origin } = fence
  if (empty)
    return [`Fence "${name}", from ${origin.policy} (${origin.file}:${origin.line}).`, 'It is over nothing, as a parameter of it is empty.']
  return [
    `Fence "${name}", from ${origin.policy} (${origin.file}:${origin.line}).`,
    ...(enabled ? [] : ['It is off, and judges nothing.']),
    `It is over ${traffic.length === 0 ? 'all traffic' : `traffic with ${tellSelection(traffic)}`}.`,
    tellTerritory(fence),
    action === 'block' ? 'What it does not permit is blocked.' : 'What it does not permit is let through and flagged.',
    ...(territory.kind === 'anywhere' ? [] : [tellUncertain(uncertain)]),
    ...exceptions.map(tellException),
    ...(locked ? ['It is locked: no overlay may turn it on or off.'] : []),
    ...(note === null ? [] : [`Note: ${note}`]),
  ]
}

const axisNames: Readonly<Record<Axis, string>> = {
  server: 'where the machine is',
  registry: 'where its address block is registered',
  network: "the home of the network's firm",
  company: 'the home of the group behind the app',
}

function tellTerritory({ territory, axes }: Fence): string {
  if (territory.kind === 'anywhere') return 'It lets nothing through, wherever it goes.'
  const places = tellCountries(territory.countries)
  const by = list(
    axes.map((axis) => axisNames[axis]),
    'and',
  )
  const words = territory.words.some((word) => /^[a-z]/.test(word)) ? ` (written ${territory.words.join(', ')})` : ''
  return territory.kind === 'never' ? `It lets nothing reach ${places}${words}, by ${by}.` : `It permits only ${places}${words}, by ${by}.`
}

/** The names of all of them: who reads this wants to know. */
const tellCountries = (countries: ReadonlySet<CountryCode>): string => list([...countries].sort().map(placeName), 'or')

function tellUncertain({ disputed, unknown, anycast }: Uncertain): string {
  const does = { block: 'blocks', log: 'flags', allow: 'allows' } as const
  return `Where the sources differ in a way that matters it ${does[disputed]}, where no source knows it ${does[unknown]}, where the address is anycast it ${does[anycast]}.`
}

function tellException({ traffic, to, endsAt, reason }: Exception): string {
  const where = to === null ? '' : `, to ${tellCountries(to)}`
  const until = endsAt === null ? '' : `, until the end of ${formatUntil(endsAt)} (UTC)`
  return `Except ${tellSelection(traffic)}${where}${until}: ${reason}.`
}

function tellSelection(selection: Selection): string {
  return list(
    selection.map(({ name, matcher, within }) => {
      if (name === 'not') return `not (${within.map(tellSelection).join(' ')})`
      const values = matcher.document.map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
      return `${name} ${list(values, 'or')}`
    }),
    'and',
  )
}

const list = (words: readonly string[], last: 'and' | 'or'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
