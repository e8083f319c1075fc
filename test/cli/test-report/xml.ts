/** XML 1.0 as far as reports need it, and strictly: what is not well-formed throws. No DTD, no CDATA, no comments. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  readonly text: string
}

/** §2.2 Char */
const forbidden = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

export function readXml(document: string): XmlElement {
  const wrong = forbidden.exec(document)
  if (wrong !== null) throw new Error(`character ${wrong[0].codePointAt(0)} is not allowed`)
  if (!document.startsWith(declaration)) throw new Error('it does not begin with the declaration')
  const [root, end] = element(document, declaration.length)
  if (document.slice(end).trim() !== '') throw new Error(`something follows the root: ${document.slice(end)}`)
  return root
}

function element(document: string, from: number): readonly [XmlElement, number] {
  const start = /<([A-Za-z]+)((?: [A-Za-z]+="[^"<]*")*)(\/?)>/y
  start.lastIndex = from
  const [, name = '', written = '', closed = ''] = start.exec(document) ?? fail(document, from)
  const pairs = [...written.matchAll(/ ([A-Za-z]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, plain(value)] as const)
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new Error(`an attribute of <${name}> stands twice`)
  const children: XmlElement[] = []
  let text = ''
  let at = start.lastIndex
  const close = `</${name}>`
  while (closed === '' && !document.startsWith(close, at)) {
    if (document[at] === '<') {
      const [child, end] = element(document, at)
      children.push(child)
      at = end
    } else {
      const next = document.indexOf('<', at)
      if (next < 0) fail(document, at)
      const piece = document.slice(at, next)
      if (piece.includes(']]>')) throw new Error('"]]>" in text')
      text += plain(piece)
      at = next
    }
  }
  return [{ name, attributes: Object.fromEntries(pairs), children, text }, closed === '' ? at + close.length : at]
}

function plain(text: string): string {
  return text.replace(/&(?:([a-z]+);)?/g, (whole, name: string | undefined) => entities[name ?? ''] ?? fail(text, text.indexOf(whole)))
}

function fail(text: string, at: number): never {
  throw new Error(`not well-formed at ${at}: ${text.slice(at, at + 80)}`)
}
