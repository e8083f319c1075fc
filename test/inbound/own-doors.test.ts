import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { BoundDoors } from '../../src/inbound/own-doors.ts'
import { ip } from '../support/fake-ports.ts'

const doors = (...bound: readonly [string, number][]) => new BoundDoors(bound.map(([host, port]) => ({ host: ip(host), port })))

test('a door is known by its own address and port', () => {
  const own = doors(['192.168.1.5', 8080])
  expect(own.has(ip('192.168.1.5'), 8080)).toBe(true)
  expect(own.has(ip('192.168.1.5'), 8081)).toBe(false)
  expect(own.has(ip('192.168.1.6'), 8080)).toBe(false)
})

test('every loopback address leads to it', () => {
  const own = doors(['127.0.0.1', 8080])
  for (const address of ['127.0.0.1', '127.9.9.9', '::1']) expect(own.has(ip(address), 8080)).toBe(true)
  expect(own.has(ip('127.0.0.1'), 80)).toBe(false)
})

test('a door on all addresses is known by every address of this machine', () => {
  const own = doors(['0.0.0.0', 8080])
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address.replace(/%.*$/, '')))
  for (const address of addresses) expect(own.has(ip(address), 8080)).toBe(true)
  expect(own.has(ip('203.0.113.1'), 8080)).toBe(false)
})

test('doors are added as they open', () => {
  const own = new BoundDoors()
  expect(own.has(ip('127.0.0.1'), 8080)).toBe(false)
  own.add({ host: ip('127.0.0.1'), port: 8080 })
  expect(own.has(ip('127.0.0.1'), 8080)).toBe(true)
})

test('a UDP port is a door for datagrams only, and until it is closed', () => {
  const own = doors(['127.0.0.1', 8080])
  const endpoint = { host: ip('192.168.1.5'), port: 5000 }
  own.add(endpoint, 'udp')
  expect([own.has(endpoint.host, 5000, 'udp'), own.has(endpoint.host, 5000, 'tcp')]).toEqual([true, false])
  expect(own.has(ip('127.0.0.1'), 5000, 'udp')).toBe(true)
  expect(own.has(ip('127.0.0.1'), 8080, 'udp')).toBe(false)
  own.delete(endpoint, 'udp')
  expect(own.has(endpoint.host, 5000, 'udp')).toBe(false)
})

test('of two doors on one port the other stays', () => {
  const own = doors(['192.168.1.5', 8080], ['192.168.1.6', 8080])
  own.delete({ host: ip('192.168.1.5'), port: 8080 })
  expect([own.has(ip('192.168.1.5'), 8080), own.has(ip('192.168.1.6'), 8080)]).toEqual([false, true])
})
