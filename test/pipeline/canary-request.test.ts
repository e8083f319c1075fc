import { expect, test } from 'vitest'
import { requestFor } from '../../src/pipeline/canary-request.ts'
import { ip, policy, strict } from '../policy/words.ts'

function requestOf(traffic: Readonly<Record<string, unknown>>) {
  const [fence] = policy({ uncertain: strict, fences: [{ name: 'a', never: ['CN'], traffic }] }).fences
  return requestFor(fence?.traffic ?? [], ip('202.96.128.86'), { deniedPorts: [25] })
}

test.each<[traffic: Readonly<Record<string, unknown>>, what: unknown]>([
  [{ host: ['zoom.us'] }, { host: 'zoom.us', port: 443, network: 'tcp' }],
  [{ host: ['*.zoom.us'] }, { host: 'canary.zoom.us' }],
  [{ host: ['.zoom.us'] }, { host: 'zoom.us' }],
  [{ port: ['8000-9000'] }, { host: '202.96.128.86', port: 8000 }],
  [{ port: [25, 587] }, { port: 587 }],
  [{ network: ['udp'] }, { network: 'udp' }],
  [{ inbound: ['office'] }, { inbound: 'office' }],
  [{ client: ['10.1.0.0/16'] }, { client: '10.1.0.0' }],
])('%j is met', (traffic, what) => expect(requestOf(traffic)).toMatchObject(what as object))

test.each([
  [{ port: [25] }, 'its ports are denied'],
  [{ cidr: ['9.0.0.0/8'] }, 'it reads cidr'],
])('%j is not: %s', (traffic, why) => expect(requestOf(traffic)).toBe(why))
