/** Whether the variables of the calling shell lead programs through a door. */
import { type Finding, fail, ok, warn } from '../doctor/check.ts'
import { directHosts, type Parameters } from '../setup/target.ts'
import type { SetupCheck } from './world.ts'

const names = ['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'HTTP_PROXY'] as const

export const environment: SetupCheck = async ({ parameters, doors, env }) => {
  const mend = `eval "$(${parameters.command} setup shell)"`
  const elsewhere = names.flatMap((name) => {
    const value = env[name] ?? ''
    if (value === '') return []
    const door = doors.find(({ at }) => at === hostOf(value))
    if (door === undefined) return [fail(`${name} leads elsewhere: ${withoutPassword(value)}`, mend)]
    if (door.secure === isTls(value)) return []
    return [fail(`${name} leads to a door that speaks ${door.secure ? 'TLS alone' : 'no TLS'}: ${withoutPassword(value)}`, mend)]
  })
  const unset = ['http_proxy', 'https_proxy'].filter(
    (name) => (env[name] ?? '') === '' && (name === 'http_proxy' || (env.HTTPS_PROXY ?? '') === ''),
  )
  const missing =
    unset.length === 0 ? [] : [warn(`${unset.join(' and ')} not set: programs of this shell go direct unless told otherwise`, mend)]
  const found = [...elsewhere, ...missing, ...exempt(parameters, env, mend)]
  return found.length === 0 ? [ok(`the variables of this shell lead to ${hostOf(env.http_proxy ?? '')}`)] : found
}

/** What NO_PROXY leaves out beyond this machine itself. */
function exempt(parameters: Parameters, env: Readonly<Record<string, string | undefined>>, mend: string): readonly Finding[] {
  const own = [...directHosts(parameters), '[::1]', '127.0.0.0/8']
  const listed = [...new Set([env.no_proxy, env.NO_PROXY].flatMap((list) => (list ?? '').split(/[\s,]+/).filter((host) => host !== '')))]
  const others = listed.filter((host) => !own.includes(host.toLowerCase()))
  if (others.includes('*')) return [fail('no_proxy is *: no program of this shell uses the proxy', mend)]
  return others.length === 0 ? [] : [warn(`no_proxy sends these round the proxy: ${others.join(', ')}`, mend)]
}

/** `127.0.0.1:8080` of a proxy's URL; curl takes one without a scheme. */
function hostOf(value: string): string {
  const scheme = isTls(value) ? 'https' : 'http'
  const text = /^[a-z0-9+.-]+:\/\//i.test(value) ? value.replace(/^[^:]+/, scheme) : `http://${value}`
  const url = URL.canParse(text) ? new URL(text) : null
  return url === null ? '' : `${url.hostname}:${url.port || (isTls(value) ? 443 : 80)}`
}

const isTls = (value: string): boolean => /^https:\/\//i.test(value)

const withoutPassword = (value: string): string => value.replace(/\/\/[^/@]*@/, '//…@')
