/** Where in a document a value stands: keys and indices from the top. */

export type Path = readonly PropertyKey[]

/** Takes note of a fault at a path, or at the key `atKey` of it rather than at its value. */
export type Report = (path: Path, message: string, atKey?: string) => void

/** `fences[2].never[0]` */
export const formatPath = (path: Path): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`)).join('')
