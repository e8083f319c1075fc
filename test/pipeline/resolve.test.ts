import { expect, test } from 'vitest'
import { resolve } from '../../src/pipeline/resolve.ts'
import { ip, name, tableResolver } from '../support/fake-ports.ts'
import { never } from '../support/socket-pair.ts'

test('a literal address stands for itself and costs no look-up', async () => {
  const resolver = tableResolver()
  expect(await resolve({ kind: 'ip', ip: ip('170.114.1.1') }, resolver, never)).toEqual(['170.114.1.1'])
  expect(resolver.asked).toEqual([])
})

test('a name is looked up once, and all its addresses are kept in order', async () => {
  const resolver = tableResolver({ 'zoom.us': ['52.81.151.250', '170.114.1.1'] })
  expect(await resolve({ kind: 'name', name: name('zoom.us') }, resolver, never)).toEqual(['52.81.151.250', '170.114.1.1'])
  expect(resolver.asked).toEqual(['zoom.us'])
})

test('a failed look-up is thrown', async () => {
  await expect(resolve({ kind: 'name', name: name('nowhere.test') }, tableResolver(), never)).rejects.toMatchObject({
    code: 'resolve.not-found',
  })
})
