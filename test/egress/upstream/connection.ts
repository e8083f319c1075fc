/** A connection as the road makes it, to a port on loopback. */
import { onTestFinished } from 'vitest'
import { createDirect } from '../../../src/egress/direct.ts'
import type { ByteStream } from '../../../src/pipeline/byte-stream.ts'
import { pinned } from '../../support/fake-ports.ts'
import { never } from '../../support/socket-pair.ts'

export async function connectTo(port: number): Promise<ByteStream> {
  const { stream } = await createDirect()(pinned('127.0.0.1', port), never)
  onTestFinished(() => stream.destroy())
  return stream
}
