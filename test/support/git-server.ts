/** A repository behind Node's HTTP server: by Git's own CGI program, as hosting does it, or as plain files that Git walks by itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Made } from './certificates.ts'

export interface GitServer {
  readonly port: number
  /** `GET /repo.git/HEAD`, in order. */
  readonly asked: readonly string[]
  /** Fields of the requests, in the same order. */
  readonly headers: readonly http.IncomingHttpHeaders[]
}

/** `folder` holds bare repositories. */
export async function startGitServer(folder: string, kind: 'smart' | 'files', certificate?: Made): Promise<GitServer> {
  const asked: string[] = []
  const headers: http.IncomingHttpHeaders[] = []
  const respond = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    asked.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    if (kind === 'smart') runBackend(folder, request, response)
    else sendFile(folder, request.url ?? '', response)
  }
  const server =
    certificate === undefined
      ? http.createServer(respond)
      : https.createServer({ key: certificate.key, cert: certificate.certificate }, respond)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, asked, headers }
}

function sendFile(folder: string, url: string, response: http.ServerResponse): void {
  const file = path.join(folder, new URL(url, 'http://local').pathname)
  if (fs.existsSync(file) && fs.statSync(file).isFile()) response.end(fs.readFileSync(file))
  else response.writeHead(404).end()
}

/** RFC 3875, as much of it as git-http-backend(1) asks for. Without CONTENT_LENGTH it reads to the end. */
function runBackend(folder: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://local')
  const { headers, method = '' } = request
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH ?? '',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      // The folder belongs to whoever runs the test, under any account.
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_CONFIG_KEY_1: 'http.receivepack',
      GIT_CONFIG_VALUE_1: 'true',
      REQUEST_METHOD: method,
      PATH_INFO: pathname,
      QUERY_STRING: searchParams.toString(),
      REMOTE_ADDR: '127.0.0.1',
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      ...(headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: headers['content-length'] }),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  let head = Buffer.alloc(0)
  child.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ')
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.write(head.subarray(end + 4))
  })
  child.on('close', () => response.end())
}
