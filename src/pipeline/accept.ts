/** The connections of a listening server, as the road carries them. */
import type { Server } from 'node:net'
import { TcpConnection } from './tcp-connection.ts'
import { codeOf, failure, takeConnections } from './tcp-handle.ts'

/** From now on they come here, and not as the server's event; where Node does not give handles away, they go on as before. */
export function acceptFrom(server: Server, accepted: (connection: TcpConnection) => void, failed: (error: Error) => void): void {
  takeConnections(server, (status, handle) => {
    if (handle === undefined) failed(failure('accept', codeOf(status)))
    else accepted(TcpConnection.accepted(handle))
  })
}
