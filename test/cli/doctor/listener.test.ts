import { type AddressInfo, createServer } from 'node:net'
import { endianness } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { listenerOn, listeningInodes, pathsOf } from '../../../src/cli/doctor/listener.ts'
import { ip } from '../../policy/words.ts'
import { folderWith } from '../screen.ts'

const loopback = ip('127.0.0.1')

// Two lines as Linux 6.1 wrote them, and one of a connection.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1591 1 0000000000f52b82 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1592 1 0000000000f52b82 100 0 0 10 0
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1593 1 0000000000f52b82 20 4 30 10 -1
`
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1594 1 0000000000f52b82 100 0 0 10 0
`

test('what listens on the address, or on all of them, is in the way; a connection is not', (context) => {
  if (endianness() !== 'LE') return context.skip('these lines are those of a little-endian machine')
  expect(listeningInodes(tcp, { host: loopback, port: 8080 })).toEqual(['1592'])
  expect(listeningInodes(tcp, { host: loopback, port: 2024 })).toEqual(['1591'])
  expect(listeningInodes(tcp, { host: ip('0.0.0.0'), port: 8080 })).toEqual(['1592'])
  expect(listeningInodes(tcp, { host: ip('127.0.0.2'), port: 8080 })).toEqual([])
  expect(listeningInodes(tcp6, { host: ip('::1'), port: 8081 })).toEqual(['1594'])
  expect(listeningInodes(tcp6, { host: ip('::2'), port: 8081 })).toEqual([])
})

test('sockets without a path have none, and a path may have spaces', () => {
  const unix = `Num       RefCount Protocol Flags    Type St Inode Path
00000000713eed40: 00000003 00000000 00000000 0001 03  1587
000000009f66cdc4: 00000002 00000000 00010000 0001 01 21588 /var/lib/my flows/lock
000000009f66cdc5: 00000002 00000000 00010000 0001 01 21589 /elsewhere
`
  expect(pathsOf(unix, new Set(['1587', '21588']))).toEqual(['/var/lib/my flows/lock'])
})

test('this process is found by what it listens on, with its other sockets', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux has /proc')
  const file = path.join(folderWith({}), 'lock')
  const servers = [createServer().listen(0, '127.0.0.1'), createServer().listen(file)] as const
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
  onTestFinished(() => servers.forEach((server) => void server.close()))
  const { port } = servers[0].address() as AddressInfo
  const listener = await listenerOn({ host: loopback, port })
  expect(listener).toMatchObject({ pid: process.pid, sockets: expect.arrayContaining([file]) })
  expect(listener?.name).not.toBe('')
  expect(await listenerOn({ host: ip('127.0.0.9'), port })).toBeNull()
})

test('whatever /proc says, inodes are numbers of lines that listen', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0A1F9:. \nabc', tcp) }), (text) => {
      for (const inode of listeningInodes(text, { host: loopback, port: 8080 })) expect(text).toContain(` ${inode}`)
      expect(pathsOf(text, new Set(['1592']))).toEqual([])
    }),
  )
})
