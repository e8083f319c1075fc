import { expect, test } from 'vitest'
import { refusalsOf } from '../../src/cli/refusals.ts'
import { loadSettings } from '../../src/config/load.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { isHost, parseHost } from '../../src/model/hostname.ts'
import { anonymous } from '../../src/model/identity.ts'
import { refusalOf } from '../../src/pipeline/refusals.ts'
import { ip } from './made-up-places.ts'
import { folderWith } from './screen.ts'

function flowTo(text: string, port: number): Flow {
  const host = parseHost(text)
  if (!isHost(host)) throw new Error(host.problem)
  const client = { host: ip('127.0.0.1'), port: 0 }
  return { id: 'a' as FlowId, openedAt: 0, inbound: 'mixed', network: 'tcp', client, who: anonymous, asked: { host, port } }
}

test('a command refuses what the proxy of the same settings would: its doors, its page, denied ports, local answers', () => {
  const folder = folderWith({ 'ringfence.yaml': 'inbounds: [{ type: mixed, listen: "127.0.0.1:9999" }]\ndenied_ports: [26]\n' })
  const refusals = refusalsOf(loadSettings({ config: `${folder}/ringfence.yaml` }))
  expect(refusals.deniedPorts).toEqual([26])
  expect(refusalOf(ip('127.0.0.1'), flowTo('127.0.0.1', 9999), refusals)).toBe('refuse.own-door')
  expect(refusalOf(ip('127.0.0.1'), flowTo('127.0.0.1', 8081), refusals)).toBe('refuse.own-door')
  expect(refusalOf(ip('127.0.0.1'), flowTo('127.0.0.1', 9998), refusals)).toBeNull()
  expect(refusalOf(ip('10.0.0.1'), flowTo('public.example', 80), refusals)).toBe('refuse.local-answer')
})
