// temporary: node zz-load.mjs PORT MODE SECONDS PID
import '../support/load-typescript.mjs'

const { openTunnel, startOrigin, tunnel } = await import('./client.ts')
const { cpuSeconds } = await import('./proxies.ts')
const [port, mode, secs, pid] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4]), Number(process.argv[5])]
const origin = await startOrigin()
const route = { protocol: mode === 'socks5' ? 'socks5' : 'connect', port }
const until = performance.now() + secs * 1000
let n = 0
const cpu0 = cpuSeconds(pid)
if (mode === 'bulk') {
  const ss = await Promise.all(
    Array.from({ length: 8 }, () =>
      tunnel(route, origin.ports.source, (b) => {
        n += b
      }),
    ),
  )
  await new Promise((r) => setTimeout(r, secs * 1000))
  const cpu = cpuSeconds(pid) - cpu0
  console.log('MB/s', (n / secs / 1e6).toFixed(0), 's/GB', ((cpu / n) * 1e9).toFixed(3))
  for (const s of ss) s.destroy()
} else {
  const one = () =>
    new Promise((res, rej) => {
      let left = 1024
      const s = openTunnel(
        route,
        origin.ports.answer,
        (o) => o.write(Buffer.alloc(1024, 'a')),
        (b) => {
          left -= b
          if (!left) s.end()
        },
        rej,
      )
      s.on('close', res)
    })
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (performance.now() < until) {
        await one()
        n++
      }
    }),
  )
  console.log('tunnels/s', (n / secs).toFixed(0), 'µs', (((cpuSeconds(pid) - cpu0) / n) * 1e6).toFixed(0))
}
origin.stop()
setTimeout(() => process.exit(), 300)
