/** Rules for macOS's packet filter that deny direct egress: an anchor of its own. */
import { comment, type Parameters, type Target } from './target.ts'

export const firewallMacos: Target = {
  says: 'the same for macOS: an anchor for pf (not tried)',
  file: '/etc/pf.anchors/ringfence',
  tried: false,
  text: (parameters) => `${comment('#', [
    'Not tried: where this was written there was no Mac. /etc/pf.anchors/ringfence, and in /etc/pf.conf as its last lines:',
    '  anchor "ringfence"',
    '  load anchor "ringfence" from "/etc/pf.anchors/ringfence"',
    'then: pfctl -vnf /etc/pf.conf (check), pfctl -f /etc/pf.conf and pfctl -e (load). What is connected already stays so.',
    'System services of macOS may not obey pf; look with "setup --check" and at the counters of pfctl -a ringfence -vsr.',
    ...(parameters.elsewhere ? [] : [`The user ${parameters.user} must exist before this is loaded.`]),
  ])}
pass out quick on lo0 all
# Answers to those who connect to this machine.
pass in all keep state

# Addresses for this machine: DHCP, and what IPv6 needs on its own link.
pass out quick inet proto udp from any port 68 to any port 67 keep state
pass out quick inet6 proto udp from any port 546 to any port 547 keep state
pass out quick inet6 proto icmp6 all icmp6-type { routersol, neighbrsol, neighbradv }

${wayOut(parameters)}
block return out quick all
`,
}

function wayOut({ door: { host, port }, elsewhere, user, dnsUser }: Parameters): string {
  if (elsewhere) return `# The proxy.\npass out quick proto tcp from any to ${host} port ${port} keep state\n`
  const names =
    dnsUser === null
      ? ''
      : `# Whom Ringfence asks for names on this machine.\npass out quick proto { tcp, udp } from any to any port { 53, 853 } user ${dnsUser} keep state\n`
  return `# Ringfence itself.\npass out quick proto { tcp, udp } all user ${user} keep state\n${names}`
}
