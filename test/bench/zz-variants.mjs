import '../support/load-typescript.mjs'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
const { openTunnel, startOrigin } = await import('./client.ts')
const { cpuSeconds, startContest } = await import('./proxies.ts')
const { median } = await import('./bench.ts')
const [, , secs, ...variants] = process.argv
const origin = await startOrigin()
const contest = await startContest(['squid', 'proxy-chain'])
const all = contest.contestants.map((c) => ({ name: c.name, port: c.route.port, pid: c.pid, us: [], rate: [] }))
let p = 18700
const kids = []
for (const v of variants) {
  const [dist, ...flags] = v.split(',')
  const st = fs.mkdtempSync('/tmp/pb/v-'); const port = ++p
  const env = { ...process.env, XDG_STATE_HOME: st }
  const args = []
  for (const f of flags) if (f.includes('=') && !f.startsWith('-')) { const [k, x] = f.split('='); env[k] = x } else args.push(f)
  const out = fs.openSync(st + '/log', 'w')
  const k = spawn(process.execPath, [...args, dist + '/main.js', '--policy', 'no-cn', '--listen', '127.0.0.1:' + port], { cwd: st, env, stdio: ['ignore', out, out] })
  kids.push(k); for (let i = 0; i < 100 && !fs.readFileSync(st + '/log', 'utf8').includes('listening on'); i++) await new Promise((r) => setTimeout(r, 100))
  all.push({ name: v, port, pid: k.pid, us: [], rate: [] })
}
const go = async (c, s) => {
  const until = performance.now() + s * 1000; let n = 0; const cpu0 = cpuSeconds(c.pid)
  const one = () => new Promise((res, rej) => { let left = 1024; const k = openTunnel({ protocol: 'connect', port: c.port }, origin.ports.answer, (o) => o.write(Buffer.alloc(1024, 'a')), (b) => { left -= b; if (!left) k.end() }, rej); k.on('close', res) })
  await Promise.all(Array.from({ length: 32 }, async () => { while (performance.now() < until) { await one(); n++ } }))
  return [(cpuSeconds(c.pid) - cpu0) / n * 1e6, n / s]
}
for (const c of all) await go(c, 2)
for (let r = 0; r < 5; r++) for (let i = 0; i < all.length; i++) { const c = all[(i + r) % all.length]; const [us, rate] = await go(c, Number(secs)); c.us.push(us); c.rate.push(rate) }
for (const c of all) console.log(c.name.replaceAll('/tmp/pb/', '').padEnd(50), median(c.us).toFixed(0).padStart(6), 'µs', median(c.rate).toFixed(0).padStart(6), '/s', ' min', Math.min(...c.us).toFixed(0))
for (const k of kids) k.kill('SIGKILL')
await contest.stop(); origin.stop(); setTimeout(() => process.exit(), 200)
