/** Automatic discovery of a PAC (WPAD): how, and why rather not. */
import { comment, type Target } from './target.ts'

export const wpad: Target = {
  says: 'automatic discovery (WPAD) by DHCP or DNS: how, and its dangers',
  file: 'dnsmasq.conf, or what your DHCP server has',
  tried: false,
  text: ({ command }) => `${comment('#', [
    'WPAD: machines find a PAC by themselves. Rather set its URL, or a proxy, by policy ("macos", "windows", "chromium", "firefox"):',
    '  - Whoever answers DHCP or the name "wpad" on a network chooses the proxy of every machine there: a rogue DHCP server, a name',
    '    that leaks to a public "wpad" domain, LLMNR and NetBIOS answers of a neighbour. It is plain HTTP, and nothing signs it.',
    '  - A machine that finds no PAC goes direct, without a word. Only firewall rules deny that ("firewall-linux" and the others).',
    '  - A laptop takes the PAC of whatever network it is in. On machines that leave yours, turn discovery off.',
    '',
    'Ringfence serves /wpad.dat on loopback only, so that another web server must serve it to the network:',
    `  1. ${command} setup pac --proxy-host PROXY.EXAMPLE --out wpad.dat`,
    '  2. serve it at http://WPAD.EXAMPLE/wpad.dat on port 80, as application/x-ns-proxy-autoconfig',
    '  3. one of the following; browsers that ask DHCP take option 252 before DNS',
    'Not tried.',
  ])}

${comment('#', ['dnsmasq, DHCP option 252:'])}
dhcp-option=252,"http://WPAD.EXAMPLE/wpad.dat"

${comment('#', ['or DNS: the name "wpad" in the search domain of the machines (ask whether that domain is really yours alone):'])}
cname=wpad.office.example,WPAD.EXAMPLE
`,
}
