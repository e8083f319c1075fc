/**
 * nftables rules that deny direct egress: out of this machine goes only what Ringfence's own user sends, or, where the
 * proxy is elsewhere, what goes to it. A table of its own, so that other rules stay as they are; what it refuses, no
 * other table can let out.
 */

import { parseIp } from '../../model/address.ts'
import { OperatorError } from '../../model/errors.ts'
import { comment, type Parameters, type Target } from './target.ts'

export const firewallLinux: Target = {
  says: 'nftables rules that let nothing out of this machine but through Ringfence, IPv4 and IPv6',
  file: '/etc/nftables.d/ringfence.nft, or wherever your /etc/nftables.conf includes from',
  tried: true,
  text: (parameters) => `#!/usr/sbin/nft -f
${comment('#', [
  'Nothing leaves this machine directly: programs that ignore proxy settings are refused at once, and meeting clients fall',
  'back from UDP to TCP through the proxy. Try it first where you have a way back in:',
  '  nft -c -f ringfence.nft    check      nft -f ringfence.nft    load      nft delete table inet ringfence    undo',
  'Load it at boot, before the network: what is connected already stays so (conntrack -F forgets it). Root can undo it.',
  ...(parameters.elsewhere ? [] : [`The user ${parameters.user} must exist before this is loaded.`]),
])}
table inet ringfence {}
delete table inet ringfence

table inet ringfence {
	chain output {
		type filter hook output priority filter; policy drop;
		oif "lo" accept
		# Answers to those who connected to this machine, too.
		ct state established,related accept

		# Addresses for this machine: DHCP, and what IPv6 needs on its own link.
		udp sport 68 udp dport 67 accept
		ip6 daddr { fe80::/10, ff02::/16 } udp sport 546 udp dport 547 accept
		icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld2-listener-report } accept

		${wayOut(parameters)}
${dns(parameters)}
		jump refused
	}

	# Containers and virtual machines of this machine. On a router, which forwards for others, take this chain out.
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		jump refused
	}

	# With an answer: a program that waits in vain for one does not fall back to the proxy.
	chain refused {
		meta l4proto tcp counter reject with tcp reset
		counter reject with icmpx admin-prohibited
	}
}
`,
}

function wayOut({ door: { host, port }, elsewhere, user }: Parameters): string {
  if (!elsewhere) return `# Ringfence itself.\n		meta skuid ${quoted(user)} accept`
  const ip = parseIp(host)
  if (ip === null)
    throw new OperatorError(`--proxy-host: rules need the proxy's address: "${host}" is a name, which nobody could look up behind them`)
  return `# The proxy.\n		${ip.includes(':') ? 'ip6' : 'ip'} daddr ${ip} tcp dport ${port} accept`
}

const dns = ({ dnsUser }: Parameters): string =>
  dnsUser === null
    ? ''
    : `		# Whom Ringfence asks for names on this machine.\n		meta skuid ${quoted(dnsUser)} meta l4proto { tcp, udp } th dport { 53, 853 } accept\n`

const quoted = (user: string): string => (/^[0-9]+$/.test(user) ? user : `"${user}"`)
