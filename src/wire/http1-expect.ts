/** Expect (RFC 9110 §10.1.1): what a client wants to hear before it sends its content. */
import { type Field, listOf } from './http1-fields.ts'
import type { RequestHead } from './http1-head.ts'
import { type Http1Malformed, refused } from './http1-lines.ts'

/** What of it nobody on the way could meet. An HTTP/1.0 client has no expectations, whatever it writes. */
export function expectProblem({ version, fields }: Pick<RequestHead, 'version' | 'fields'>): Http1Malformed | null {
  if (version === '1.0') return null
  const unknown = listOf(fields, 'expect').some((member) => member !== '' && member !== '100-continue')
  return unknown ? refused(417, 'Expect asks for something other than 100-continue') : null
}

/** The fields as the next hop gets them in HTTP/1.1: what an HTTP/1.0 client wrote would make it send what that client cannot read. */
export const withoutVoidExpect = ({ version }: Pick<RequestHead, 'version'>, fields: readonly Field[]): readonly Field[] =>
  version === '1.0' ? fields.filter(({ name }) => name.toLowerCase() !== 'expect') : fields
