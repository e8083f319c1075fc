import { expect, test } from 'vitest'
import { doorsThatIdentifyNobody } from '../../src/config/identifying-doors.ts'
import { cidr } from '../../src/model/cidr.ts'

const network = (text: string, ...groups: readonly string[]) => ({ ...cidr(text), groups })

const doors = [
  { name: 'login', login: 'required', clients: [] },
  { name: 'open', login: 'none', clients: [] },
  { name: 'grouped', login: 'none', clients: [network('10.1.0.0/16', 'office'), network('10.2.0.0/16', 'guests', 'wifi')] },
  { name: 'partly', login: 'none', clients: [network('10.1.0.0/16', 'office'), network('10.3.0.0/16')] },
  { name: 'both', login: 'required', clients: [network('10.3.0.0/16')] },
] as const

test('a user is known where a login is required', () => {
  expect(doorsThatIdentifyNobody(doors, 'user', null)).toEqual(['open', 'grouped', 'partly'])
})

test('a group is known there too, and where every network of the door has groups', () => {
  expect(doorsThatIdentifyNobody(doors, 'group', null)).toEqual(['open', 'partly'])
})

test('doors that the fence does not name are none of its business', () => {
  expect(doorsThatIdentifyNobody(doors, 'user', ['login', 'both'])).toEqual([])
  expect(doorsThatIdentifyNobody(doors, 'group', ['login', 'partly'])).toEqual(['partly'])
  expect(doorsThatIdentifyNobody(doors, 'user', [])).toEqual([])
})
