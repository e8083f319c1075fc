import { expect, test } from 'vitest'
import { doorAt, doorsOf, parametersOf } from '../../../src/cli/setup/parameters.ts'
import { loadSettings } from '../../../src/config/load.ts'
import { folderWith } from '../screen.ts'

const settingsOf = (yaml: string) => loadSettings({ config: `${folderWith({ 'ringfence.yaml': yaml })}/ringfence.yaml` })
const office =
  'inbounds: [{ type: mixed, name: lan, listen: "0.0.0.0:3128", clients: [10.0.0.0/8] }, { type: mixed, name: own, listen: "[::1]:8080" }]\n'

test('the door, the PAC and where it is served follow from the settings', () => {
  const { door, pac, pacUrl, user, dnsUser, elsewhere } = parametersOf(settingsOf(office), {}, 'ringfence')
  expect(door).toEqual({ at: '127.0.0.1:3128', host: '127.0.0.1', port: 3128, login: false, secure: false })
  expect(pac.doors.map(({ at }) => at)).toEqual(['127.0.0.1:3128', '[::1]:8080'])
  expect({ pacUrl, user, dnsUser, elsewhere }).toEqual({
    pacUrl: 'http://127.0.0.1:8081/proxy.pac',
    user: 'ringfence',
    dnsUser: null,
    elsewhere: false,
  })
})

test('flags add to what the settings permit', () => {
  const { pac } = parametersOf(settingsOf('web: { pac: { local_direct: true } }'), { directFallback: true }, 'ringfence')
  expect(pac.pac).toEqual({ directFallback: true, localDirect: true })
})

test('for another machine it is the address that this one has there, with the door’s port unless given', () => {
  const { door, pac, pacUrl, elsewhere } = parametersOf(settingsOf(office), { proxyHost: 'proxy.example' }, 'ringfence')
  expect(door).toEqual({ at: 'proxy.example:3128', host: 'proxy.example', port: 3128, login: false, secure: false })
  expect(pac.doors).toEqual([door])
  expect({ pacUrl, elsewhere }).toEqual({ pacUrl: null, elsewhere: true })
  expect(doorAt('[2001:db8::1]:9', []).at).toBe('[2001:db8::1]:9')
})

test('what nobody can be told, or would be another text, is refused', () => {
  expect(() => doorsOf(settingsOf('inbounds: [{ type: mixed, listen: "127.0.0.1:0" }]'))).toThrow(/^inbounds\[0\]\.listen: port 0 /)
  expect(() => parametersOf(settingsOf(''), { proxyHost: 'a b' }, 'ringfence')).toThrow(/^--proxy-host: /)
  for (const uid of ['a"; accept; "', 'Root User', '', '-x', '$x'])
    expect(() => parametersOf(settingsOf(''), { uid }, 'ringfence')).toThrow(/^--uid: /)
  expect(parametersOf(settingsOf(''), { uid: '1001', dnsUid: '_dns' }, 'ringfence')).toMatchObject({ user: '1001', dnsUser: '_dns' })
})
