/** Windows, by its registry. */
import { comment, refuseTls, type Target } from './target.ts'

export const windows: Target = {
  says: 'Windows: the proxy for all users of the machine, by the registry (not tried)',
  file: 'ringfence.reg',
  tried: false,
  // regedit wants its own line ends.
  text: (parameters) => {
    refuseTls(parameters, 'Windows')
    const {
      door,
      pac: { pac, localNames },
    } = parameters
    return `Windows Registry Editor Version 5.00

${comment(';', [
  'Not tried: where this was written there was no Windows. As an administrator: reg import ringfence.reg',
  'By Group Policy: "Make proxy settings per-machine (rather than per-user)", and these values as registry preferences.',
  'Services use WinHTTP, which has settings of its own (in PowerShell, as an administrator):',
  `  netsh winhttp set proxy proxy-server="${door.at}" bypass-list="localhost"`,
  'Programs may ignore both: "setup firewall-windows" denies the direct way.',
])}

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]
"ProxySettingsPerUser"=dword:00000000

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]
"ProxyEnable"=dword:00000001
"ProxyServer"="${door.at}"
"ProxyOverride"="${pac.localDirect ? ['<local>', ...localNames.map((name) => `*.${name}`)].join(';') : ''}"
"AutoDetect"=dword:00000000
`.replaceAll('\n', '\r\n')
  },
}
