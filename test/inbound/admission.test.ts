import { expect, test } from 'vitest'
import { Admission, type AdmissionLimits } from '../../src/inbound/admission.ts'
import type { Why } from '../../src/inbound/turned-away.ts'
import { ip } from '../support/fake-ports.ts'

function admitting(limits: Partial<AdmissionLimits>, memory = { full: false }) {
  const away: Why[] = []
  const all = { connections: 100, perClient: 100, perLoopbackClient: 100, ...limits }
  const admission = new Admission(all, { reached: () => memory.full }, { add: (why) => away.push(why) })
  return { admission, away, memory }
}

test('so many are let in, and another one when one has left', () => {
  const { admission, away } = admitting({ connections: 2 })
  const [first, second] = [admission.enter(), admission.enter()]
  expect([first, second]).not.toContain(null)
  expect(admission.enter()).toBeNull()
  first?.leave()
  first?.leave()
  expect(admission.open).toBe(1)
  expect(admission.enter()).not.toBeNull()
  expect(admission.enter()).toBeNull()
  expect(away).toEqual(['connections', 'connections'])
})

test('each client has its own share, an IPv6 network of 64 bits one together', () => {
  const { admission, away } = admitting({ perClient: 2 })
  const seat = (client: string) => {
    const place = admission.enter()
    return { place, seated: place?.seat(ip(client)) }
  }
  const first = seat('10.0.0.1')
  expect([first, seat('10.0.0.1'), seat('10.0.0.1'), seat('10.0.0.2')].map(({ seated }) => seated)).toEqual([true, true, false, true])
  expect(['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map((client) => seat(client).seated)).toEqual([
    true,
    true,
    false,
    true,
  ])
  first.place?.leave()
  expect(seat('10.0.0.1').seated).toBe(true)
  expect(away).toEqual(['client', 'client'])
})

test('those on loopback, who have one address, have a share of their own', () => {
  const { admission } = admitting({ perClient: 1, perLoopbackClient: 2 })
  expect([1, 2, 3].map(() => admission.enter()?.seat(ip('127.0.0.1')))).toEqual([true, true, false])
})

test('nobody is let in while memory is short', () => {
  const { admission, away, memory } = admitting({}, { full: true })
  expect(admission.enter()).toBeNull()
  memory.full = false
  expect(admission.enter()).not.toBeNull()
  expect(away).toEqual(['memory'])
})

test('a request on a connection that is in has no room either while memory is short, and is counted', () => {
  const { admission, away, memory } = admitting({ connections: 0 })
  expect(admission.hasRoom()).toBe(true)
  memory.full = true
  expect(admission.hasRoom()).toBe(false)
  expect(away).toEqual(['memory'])
})

test('one that the machine had no descriptor for is counted with them', () => {
  const { admission, away } = admitting({})
  admission.outOfDescriptors()
  expect(away).toEqual(['descriptors'])
})
