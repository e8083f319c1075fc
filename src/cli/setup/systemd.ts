/** A unit for Ringfence itself, which may do what a proxy does and little else. */
import { comment, type Parameters, type Target } from './target.ts'

export const systemd: Target = {
  says: 'a hardened systemd unit for Ringfence itself',
  file: '/etc/systemd/system/ringfence.service',
  tried: true,
  text: (parameters) => `${comment('#', [
    '/etc/systemd/system/ringfence.service, then: systemctl daemon-reload && systemctl enable --now ringfence',
    'A user of its own, by whose name firewall rules can tell it from everything else on the machine:',
    `  useradd --system --no-create-home --shell /usr/sbin/nologin ${parameters.user}`,
  ])}
[Unit]
Description=Ringfence, a geo-fencing proxy
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
User=${parameters.user}
ExecStart=${execStart(parameters)}
# Reads the policy anew.
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
# Settings with faults do not mend themselves.
RestartPreventExitStatus=2
# Open connections have 5 s.
TimeoutStopSec=20
Environment=NODE_ENV=production
# Two for each tunnel.
LimitNOFILE=65536

# Records are in /var/lib/ringfence, compiled tables in /var/cache/ringfence.
StateDirectory=ringfence
StateDirectoryMode=0700
CacheDirectory=ringfence
CacheDirectoryMode=0700
UMask=0077

NoNewPrivileges=true
CapabilityBoundingSet=${lowPort(parameters) ? 'CAP_NET_BIND_SERVICE' : ''}
AmbientCapabilities=${lowPort(parameters) ? 'CAP_NET_BIND_SERVICE' : ''}
ProtectSystem=strict
ProtectHome=${inHome(parameters) ? 'read-only' : 'true'}
PrivateTmp=true
PrivateDevices=true
ProtectProc=invisible
ProtectClock=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectControlGroups=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
RemoveIPC=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute= must stay off: V8 compiles at run time, and Node would not start.
MemoryDenyWriteExecute=false

[Install]
WantedBy=multi-user.target
`,
}

const execStart = ({ program, config }: Parameters): string =>
  [...program, 'run', ...(config === null ? [] : ['--config', config])].map(quoted).join(' ')

/** systemd.syntax(7) and systemd.service(5): specifiers begin with a percent sign, variables with a dollar sign. */
const quoted = (word: string): string => {
  const text = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}

const lowPort = ({ ports }: Parameters): boolean => ports.some((port) => port > 0 && port < 1_024)

/** A program there must stay readable. */
const inHome = ({ program, config }: Parameters): boolean =>
  [...program, config ?? ''].some((path) => /^\/(home|root|run\/user)\//.test(path))
