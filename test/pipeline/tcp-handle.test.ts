import net from 'node:net'
import { expect, test } from 'vitest'
import { bindingOf, takeConnections } from '../../src/pipeline/tcp-handle.ts'

/** `process.binding`, as far as it is used. */
const { binding } = process as unknown as { readonly binding: (name: string) => Readonly<Record<string, unknown>> }

test('this Node gives its handles away', () => {
  expect(bindingOf(process)).not.toBeNull()
})

test('a runtime without them, or with others, is told from it, and nothing is thrown', () => {
  const lacking = (room: string, name: string, instead?: unknown) =>
    bindingOf({ binding: (asked: string) => ({ ...binding(asked), ...(asked === room ? { [name]: instead } : {}) }) })
  expect(bindingOf({})).toBeNull()
  expect(
    bindingOf({
      binding() {
        throw new Error('No such binding')
      },
    }),
  ).toBeNull()
  expect(lacking('tcp_wrap', 'TCPConnectWrap')).toBeNull()
  expect(lacking('stream_wrap', 'kReadBytesOrError')).toBeNull()
  expect(lacking('stream_wrap', 'streamBaseState', [])).toBeNull()
  expect(
    lacking(
      'tcp_wrap',
      'TCP',
      class {
        close() {}
      },
    ),
  ).toBeNull()
  expect(lacking('tcp_wrap', 'nothing that is used')).not.toBeNull()
})

test('a server that does not listen yet has no connections to take', () => {
  expect(takeConnections(net.createServer(), () => undefined)).toBe(false)
})
