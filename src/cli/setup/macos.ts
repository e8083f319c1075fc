/** macOS, by a configuration profile. */
import { createHash } from 'node:crypto'
import { type Parameters, refuseTls, type Target } from './target.ts'

export const macos: Target = {
  says: 'macOS: a configuration profile with the proxy for the whole machine (not tried)',
  file: 'ringfence.mobileconfig',
  tried: false,
  text: (parameters) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Not tried: where this was written there was no Mac. A global HTTP proxy needs a supervised Mac (an MDM installs it);
     on others, for each network service: networksetup -setwebproxy, -setsecurewebproxy and -setproxyautodiscovery SERVICE off.
     Programs may ignore it: "setup firewall-macos" denies the direct way. -->
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadType</key>
			<string>com.apple.proxy.http.global</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
			<key>PayloadIdentifier</key>
			<string>ringfence.proxy.http</string>
			<key>PayloadUUID</key>
			<string>${uuidOf(parameters, 'proxy')}</string>
			<key>PayloadDisplayName</key>
			<string>Ringfence proxy</string>
${proxy(parameters)}
			<key>ProxyCaptiveLoginAllowed</key>
			<false/>
		</dict>
	</array>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
	<key>PayloadIdentifier</key>
	<string>ringfence.proxy</string>
	<key>PayloadUUID</key>
	<string>${uuidOf(parameters, 'profile')}</string>
	<key>PayloadDisplayName</key>
	<string>Ringfence</string>
	<key>PayloadScope</key>
	<string>System</string>
	<key>PayloadRemovalDisallowed</key>
	<true/>
</dict>
</plist>
`,
}

/** By PAC where local names or DIRECT are to be had, else by address, which needs nothing fetched. */
function proxy(parameters: Parameters): string {
  refuseTls(parameters, 'macOS')
  const {
    door,
    pac: { pac },
    pacUrl,
  } = parameters
  return pacUrl !== null && (pac.directFallback || pac.localDirect)
    ? `			<key>ProxyType</key>
			<string>Auto</string>
			<key>ProxyPACURL</key>
			<string>${escaped(pacUrl)}</string>
			<key>ProxyPACFallbackAllowed</key>
			<${pac.directFallback}/>`
    : `			<key>ProxyType</key>
			<string>Manual</string>
			<key>ProxyServer</key>
			<string>${escaped(door.host)}</string>
			<key>ProxyServerPort</key>
			<integer>${door.port}</integer>${
        door.login
          ? `
			<key>ProxyUsername</key>
			<string>USER</string>
			<key>ProxyPassword</key>
			<string>PASSWORD</string>`
          : ''
      }`
}

/** The same for the same proxy, so that a profile that is installed again replaces the one before (RFC 9562 §5.8). */
function uuidOf({ door: { at } }: Parameters, part: string): string {
  const hex = createHash('sha256').update(`ringfence ${part} ${at}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-').toUpperCase()
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
