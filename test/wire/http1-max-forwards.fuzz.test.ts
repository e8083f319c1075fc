import fc from 'fast-check'
import { expect } from 'vitest'
import { maxForwards, oneHopLess } from '../../src/wire/http1-max-forwards.ts'
import { property } from './support.ts'

const asking = (value: string) => ({ method: 'TRACE', fields: [{ name: 'Max-Forwards', value }] })

property('any text is a number of hops or is refused', fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{1,30}$/)), (value) => {
  const hops = maxForwards(asking(value))
  if (/^[0-9]+$/.test(value)) expect(hops).toBeTypeOf('number')
  else expect(hops).toMatchObject({ status: 400 })
})

property(
  'whatever the number, it comes to 0 in fewer hops than there are in any way',
  fc.bigInt({ min: 0n, max: 10n ** 30n }),
  (number) => {
    let request = asking(String(number))
    let hops = 0
    while (maxForwards(request) !== 0) {
      request = { ...request, fields: [...oneHopLess(request)] }
      expect(++hops).toBeLessThanOrEqual(256)
    }
    if (number <= 255n) expect(BigInt(hops)).toBe(number)
  },
)
