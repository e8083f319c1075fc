/** What is where: one line a path. */
import { type Answer, problem } from './answer.ts'
import { PAC_TYPE, type PacParts, pacText } from './pac.ts'
import { startPage } from './start-page.ts'

export type PageParts = PacParts

const pac = (parts: PageParts): Answer => ({ status: 200, type: PAC_TYPE, body: pacText(parts) })

const routes = new Map<string, (parts: PageParts) => Answer>([
  ['/', ({ doors }) => ({ status: 200, type: 'text/html; charset=utf-8', body: startPage(doors) })],
  ['/proxy.pac', pac],
  // The name that browsers look for by themselves (WPAD).
  ['/wpad.dat', pac],
])

/** Browsers fetch these for whatever page they show. */
export const sharedPaths: readonly string[] = ['/proxy.pac', '/wpad.dat']

/** `target`: the request's, with its query. */
export function answerTo(target: string, parts: PageParts): Answer {
  const [path = ''] = target.split('?')
  return routes.get(path)?.(parts) ?? problem(404, 'There is nothing here. "/" says what there is.')
}
