import path from 'node:path'
import { expect, test } from 'vitest'
import { doorsOf, parametersOf } from '../../../src/cli/setup/parameters.ts'
import { loadSettings } from '../../../src/config/load.ts'
import { folderWith } from '../screen.ts'

const settingsOf = (yaml: string) => loadSettings({ config: `${folderWith({ 'ringfence.yaml': yaml })}/ringfence.yaml` })
const office =
  'inbounds: [{ type: mixed, name: lan, listen: "0.0.0.0:3128", clients: [10.0.0.0/8] }, { type: mixed, name: own, listen: "[::1]:8080" }]\n'

test('the door, the PAC and where it is served follow from the settings', () => {
  const { door, pac, pacUrl, user, dnsUser, elsewhere } = parametersOf(settingsOf(office), {}, 'ringfence')
  expect(door).toEqual({ at: '[::1]:8080', host: '::1', port: 8080, login: false, secure: false })
  expect(pac.doors.map(({ at }) => at)).toEqual(['[::1]:8080', '127.0.0.1:3128'])
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
})

test('what nobody can be told, or would be another text, is refused', () => {
  expect(() => doorsOf(settingsOf('inbounds: [{ type: mixed, listen: "127.0.0.1:0" }]'))).toThrow(/^inbounds\[0\]\.listen: port 0 /)
  expect(() => parametersOf(settingsOf(''), { proxyHost: 'a b' }, 'ringfence')).toThrow(/^--proxy-host: /)
  for (const uid of ['a"; accept; "', 'Root User', '', '-x', '$x'])
    expect(() => parametersOf(settingsOf(''), { uid }, 'ringfence')).toThrow(/^--uid: /)
  expect(parametersOf(settingsOf(''), { uid: '1001', dnsUid: '_dns' }, 'ringfence')).toMatchObject({ user: '1001', dnsUser: '_dns' })
})

test('a settings file is named by its whole path: a service starts in another folder', () => {
  const folder = path.relative('', folderWith({ 'ringfence.yaml': '' }))
  const { config } = parametersOf(loadSettings({ config: path.join(folder, 'ringfence.yaml') }), {}, 'ringfence')
  expect(config).toBe(path.resolve(folder, 'ringfence.yaml'))
})

test('every port is known, of the page too', () => {
  const { ports } = parametersOf(
    settingsOf('inbounds: [{ type: mixed, listen: "127.0.0.1:443" }]\nweb: { listen: "127.0.0.1:80" }'),
    {},
    'x',
  )
  expect(ports).toEqual([443, 80])
})
