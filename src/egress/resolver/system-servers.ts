/** The DNS servers that this machine is set to use, as c-ares finds them in `/etc/resolv.conf` or the registry. It only lists them. */
import { Resolver } from 'node:dns'
import { closeSync, openSync } from 'node:fs'
import { isIP } from 'node:net'
import { devNull } from 'node:os'
import { type Endpoint, parsePort } from '../../model/address.ts'

const DNS_PORT = 53

/**
 * Those of now: Node's own list is of the time when the process began. Takes 30 µs (measured on Node 20). Throws where no
 * descriptor is left, since c-ares would then not say that it cannot read its files, but name 127.0.0.1 as the server.
 */
export function systemServers(): readonly string[] {
  closeSync(openSync(devNull, 'r'))
  return new Resolver().getServers()
}

/** Reads `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `fe80::1%eth0`, `[2001:db8::53]:5353`; what is none of these is no server. */
export function readSystemServers(texts: readonly string[]): readonly Endpoint<string>[] {
  return texts.flatMap((text) => {
    const [, bracketed, plain, portText] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? []
    const host = bracketed ?? plain ?? text
    const port = portText === undefined ? DNS_PORT : parsePort(portText)
    return isIP(host) === 0 || port === null ? [] : [{ host, port }]
  })
}
