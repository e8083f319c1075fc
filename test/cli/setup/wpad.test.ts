import { expect, test } from 'vitest'
import { wpad } from '../../../src/cli/setup/wpad.ts'
import { expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('wpad', wpad)
  expectToSayNotTried(wpad)
})

test('its dangers come before how to', () => {
  const text = wpad.text(here)
  expect(text.indexOf('goes direct')).toBeLessThan(text.indexOf('dhcp-option=252'))
})
