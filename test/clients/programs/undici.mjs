/** undici through the proxy. Reads `{ proxy, proxyTunnel, token?, requests: [url] }` from its input, prints what became of each, one after the other. */
import fs from 'node:fs'
import { ProxyAgent, request } from 'undici'

const { proxy, proxyTunnel, token, requests } = JSON.parse(fs.readFileSync(0, 'utf8'))
const dispatcher = new ProxyAgent({ uri: proxy, proxyTunnel, ...(token === undefined ? {} : { token }) })
const answers = []
for (const url of requests) {
  try {
    const { statusCode, headers, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(8_000) })
    answers.push({ status: statusCode, proxyStatus: headers['proxy-status'] ?? null, body: await body.text() })
  } catch (error) {
    answers.push({ error: error.cause?.message ?? error.message })
  }
}
await dispatcher.close()
process.stdout.write(JSON.stringify(answers))
