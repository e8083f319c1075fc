/** Rules for Windows' firewall that deny direct egress. */
import { win32 } from 'node:path'
import { comment, type Parameters, type Target } from './target.ts'

export const firewallWindows: Target = {
  says: 'the same for Windows: PowerShell (not tried)',
  file: 'ringfence.ps1, run as an administrator',
  tried: false,
  text: (parameters) => `#Requires -RunAsAdministrator
${comment('#', [
  'Not tried: where this was written there was no Windows. Undo it:',
  "  Set-NetFirewallProfile -All -DefaultOutboundAction Allow; Remove-NetFirewallRule -Group 'Ringfence'",
  'Loopback is not filtered, so that programs reach the proxy of this machine. DHCP and IPv6 neighbours have rules of Windows',
  'itself ("Core Networking"), which must stay enabled.',
])}
$ErrorActionPreference = 'Stop'
Remove-NetFirewallRule -Group 'Ringfence' -ErrorAction SilentlyContinue
${wayOut(parameters)}
Set-NetFirewallProfile -All -Enabled True -DefaultOutboundAction Block

${comment('#', [
  'Windows and programs bring outbound rules that allow, and those still hold. Look through them, and disable what would go round:',
  "  Get-NetFirewallRule -Direction Outbound -Action Allow -Enabled True | Where-Object Group -ne 'Ringfence' | Format-Table DisplayName, Group",
])}
`,
}

function wayOut({ door: { host, port }, elsewhere, user, dnsUser, program: [node] }: Parameters): string {
  const rule = "New-NetFirewallRule -Group 'Ringfence' -Direction Outbound -Action Allow"
  if (elsewhere) return `${rule} -DisplayName 'Ringfence: the proxy' -Protocol TCP -RemoteAddress ${quoted(host)} -RemotePort ${port}`
  // Of a machine that is not Windows, its own path says nothing.
  const path = win32.isAbsolute(node) && /^[a-z]:/i.test(node) ? node : 'C:\\Program Files\\nodejs\\node.exe'
  return `# Ringfence itself: this program, run by this user.
$sid = (New-Object System.Security.Principal.NTAccount(${quoted(user)})).Translate([System.Security.Principal.SecurityIdentifier]).Value
${rule} -DisplayName 'Ringfence' -Program ${quoted(path)} -LocalUser "D:(A;;CC;;;$sid)"${
    dnsUser === null
      ? ''
      : `\n# Names are asked for by Windows' own service.\n${rule} -DisplayName 'Ringfence: names' -Service Dnscache -Protocol UDP -RemotePort 53`
  }`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
