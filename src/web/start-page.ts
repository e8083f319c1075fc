/** What stands at `/`: what listens here, and where the PAC is. */
import type { ReachableDoor } from './reachable.ts'

export const startPage = (doors: readonly ReachableDoor[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Ringfence</title>
<h1>Ringfence</h1>
<p>A geo-fencing proxy runs on this machine. Its doors, for HTTP and SOCKS:</p>
<ul>
${doors.map(({ at, login }) => `<li><code>${at}</code>${login ? ' (asks for a name and a password)' : ''}</li>`).join('\n')}
</ul>
<p>Automatic proxy configuration: <a href="/proxy.pac">/proxy.pac</a></p>
<p><code>ringfence setup</code> writes what programs, desktops and firewalls need to use it; <code>ringfence flows</code> shows where connections went.</p>
</html>
`
