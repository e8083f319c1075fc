/**
 * DNS messages (RFC 1035 §4) as a stub resolver needs them: a question as bytes, the bytes of a response as a value.
 * It knows shapes only: whether a response belongs to a question, and what its records mean together, is asked elsewhere.
 * A message is taken or refused as a whole, but for bytes behind its last record, which every name server lets pass.
 */
import { type Ip, ipFromBytes } from '../model/address.ts'
import { Cursor } from './cursor.ts'
import { encodeName, readName } from './dns-name.ts'

/** DNS flag day 2020: fits every path unfragmented. */
const UDP_SIZE = 1232
const HEADER_BYTES = 12
const CLASS_IN = 1
const OPT = 41
/** RFC 7830 §3, RFC 8467 §4.1. */
const PADDING = 12
const PADDING_BLOCK = 128

/** The types that are told apart, with their numbers. */
export const dnsType = { A: 1, NS: 2, CNAME: 5, SOA: 6, AAAA: 28, SVCB: 64, HTTPS: 65 } as const

/** Responses have more; the names are those of the IANA registry. */
export const dnsRcode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

export type AddressType = 'A' | 'AAAA'

export interface DnsQuestion {
  /** As `readName` writes names. */
  readonly name: string
  readonly type: number
}

interface Owned {
  readonly name: string
  /** In seconds. */
  readonly ttl: number
}

export type DnsRecord = Owned &
  (
    | { readonly type: AddressType; readonly ip: Ip }
    | { readonly type: 'CNAME' | 'NS'; readonly target: string }
    | { readonly type: 'SOA'; readonly minimum: number }
    /** RFC 9460. `hints`: what a server suggests without having been asked for it; to be seen, never to be dialled. */
    | { readonly type: 'SVCB' | 'HTTPS'; readonly priority: number; readonly target: string; readonly hints: readonly Ip[] }
    | { readonly type: 'other'; readonly code: number }
  )

export interface DnsResponse {
  readonly id: number
  readonly truncated: boolean
  readonly authoritative: boolean
  readonly recursionAvailable: boolean
  /** With the upper bits of RFC 6891 §6.1.3. */
  readonly rcode: number
  /** `null`: servers that could not read the question may leave it out. */
  readonly question: DnsQuestion | null
  /** Both are empty where `truncated`: the cut may go through a record. */
  readonly answers: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
}

export type ParsedDns = { readonly kind: 'value'; readonly value: DnsResponse } | { readonly kind: 'malformed'; readonly why: string }

export interface Query {
  readonly id: number
  readonly name: string
  readonly type: AddressType | 'HTTPS'
  /** Whether to say that we understand EDNS (RFC 6891); some old servers refuse every question that does. */
  readonly edns: boolean
  /** Whether to fill it up to a multiple of 128 octets, so that its length says little of the name; needs EDNS. */
  readonly padded: boolean
}

/** A recursive question of one name; `null` where the name is none of the DNS. */
export function encodeQuery({ id, name, type, edns, padded }: Query): Uint8Array | null {
  const owner = encodeName(name)
  if (owner === null) return null
  const u16 = (number: number): readonly number[] => [number >> 8, number & 0xff]
  const recursionDesired = u16(0x0100)
  const counts = [...u16(1), ...u16(0), ...u16(0), ...u16(edns ? 1 : 0)]
  const question = [...u16(id), ...recursionDesired, ...counts, ...owner, ...u16(dnsType[type]), ...u16(CLASS_IN)]
  if (!edns) return Uint8Array.from(question)
  const opt = [0, ...u16(OPT), ...u16(UDP_SIZE), 0, 0, 0, 0]
  const options = padded ? padding(question.length + opt.length + 2) : []
  return Uint8Array.from([...question, ...opt, ...u16(options.length), ...options])
}

/** The option that brings a message of so many octets to the end of a block. */
function padding(length: number): readonly number[] {
  const zeros = (PADDING_BLOCK - ((length + 4) % PADDING_BLOCK)) % PADDING_BLOCK
  return [0, PADDING, zeros >> 8, zeros & 0xff, ...new Uint8Array(zeros)]
}

/** Reads one response; never throws. */
export function parseResponse(bytes: Uint8Array): ParsedDns {
  const cursor = new Cursor(bytes)
  const [id, flags, questions, answers, authority, additional] = [
    cursor.u16(),
    cursor.u16(),
    cursor.u16(),
    cursor.u16(),
    cursor.u16(),
    cursor.u16(),
  ]
  if (cursor.short) return malformed('shorter than a header')
  if ((flags & 0x8000) === 0) return malformed('a query, not a response')
  if ((flags & 0x7800) !== 0) return malformed('not the answer to a query')
  if (questions > 1) return malformed(`${questions} questions`)
  const head = {
    id,
    truncated: (flags & 0x0200) !== 0,
    authoritative: (flags & 0x0400) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    rcode: flags & 0x0f,
  }
  const asked = questions === 0 ? { question: null, end: HEADER_BYTES } : readQuestion(bytes, HEADER_BYTES)
  if (asked === null) return malformed('no question where one is announced')
  const { question } = asked
  if (head.truncated) return { kind: 'value', value: { ...head, question, answers: [], authority: [] } }

  const answered = readRecords(bytes, asked.end, answers)
  if (answered === null) return malformed('the answers are not what they are announced to be')
  const referred = readRecords(bytes, answered.end, authority)
  if (referred === null) return malformed('the authorities are not what they are announced to be')
  const upper = readUpperRcode(bytes, referred.end, additional)
  if (upper === null) return malformed('the additional records are not what they are announced to be')
  return {
    kind: 'value',
    value: { ...head, rcode: (upper << 4) | head.rcode, question, answers: answered.records, authority: referred.records },
  }
}

const malformed = (why: string): ParsedDns => ({ kind: 'malformed', why })

function readQuestion(message: Uint8Array, start: number): { readonly question: DnsQuestion; readonly end: number } | null {
  const owner = readName(message, start)
  if (owner === null) return null
  const cursor = new Cursor(message.subarray(owner.end))
  const [type, klass] = [cursor.u16(), cursor.u16()]
  return cursor.short || klass !== CLASS_IN ? null : { question: { name: owner.name, type }, end: owner.end + cursor.offset }
}

interface RawRecord {
  readonly name: string
  readonly type: number
  readonly klass: number
  readonly ttl: number
  /** Its data lies in [start, end) of the message. */
  readonly start: number
  readonly end: number
}

function readRaw(message: Uint8Array, at: number): RawRecord | null {
  const owner = readName(message, at)
  if (owner === null) return null
  const cursor = new Cursor(message.subarray(owner.end))
  const [type, klass, high, low, length] = [cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16()]
  cursor.take(length)
  if (cursor.short) return null
  const end = owner.end + cursor.offset
  return { name: owner.name, type, klass, ttl: high * 0x1_0000 + low, start: end - length, end }
}

function readRecords(message: Uint8Array, start: number, count: number): { readonly records: DnsRecord[]; readonly end: number } | null {
  const records: DnsRecord[] = []
  let at = start
  for (let i = 0; i < count; i++) {
    const raw = readRaw(message, at)
    const record = raw === null ? null : meaningOf(message, raw)
    if (raw === null || record === null) return null
    records.push(record)
    at = raw.end
  }
  return { records, end: at }
}

/** Of all additional records only OPT is read: nobody asked for the others, and so they may say anything. */
function readUpperRcode(message: Uint8Array, start: number, count: number): number | null {
  let at = start
  let upper: number | null = null
  for (let i = 0; i < count; i++) {
    const raw = readRaw(message, at)
    if (raw === null) return null
    at = raw.end
    if (raw.type !== OPT) continue
    // RFC 6891 §6.1.1: one at most, at the root.
    if (upper !== null || raw.name !== '') return null
    upper = Math.floor(raw.ttl / 0x100_0000)
  }
  return upper ?? 0
}

/** `null` where the data is not of the form that its type has: a length that lies is how parsers are led astray (RFC 9267 §4). */
function meaningOf(message: Uint8Array, { name, type, klass, ttl: seconds, start, end }: RawRecord): DnsRecord | null {
  // RFC 2181 §8: with the top bit set it is zero.
  const owned = { name, ttl: seconds >= 0x8000_0000 ? 0 : seconds }
  if (klass !== CLASS_IN) return { ...owned, type: 'other', code: type }
  switch (type) {
    case dnsType.A:
      return end - start === 4 ? { ...owned, type: 'A', ip: ipFromBytes(message.subarray(start, end)) } : null
    case dnsType.AAAA:
      return end - start === 16 ? { ...owned, type: 'AAAA', ip: ipFromBytes(message.subarray(start, end)) } : null
    case dnsType.CNAME:
    case dnsType.NS: {
      const target = readName(message, start)
      return target?.end === end ? { ...owned, type: type === dnsType.NS ? 'NS' : 'CNAME', target: target.name } : null
    }
    case dnsType.SOA: {
      const minimum = readSoaMinimum(message, start, end)
      return minimum === null ? null : { ...owned, type: 'SOA', minimum }
    }
    case dnsType.SVCB:
    case dnsType.HTTPS: {
      const service = readService(message, start, end)
      return service === null ? null : { ...owned, type: type === dnsType.SVCB ? 'SVCB' : 'HTTPS', ...service }
    }
    default:
      return { ...owned, type: 'other', code: type }
  }
}

/** RFC 1035 §3.3.13: two names and five numbers, the last of which says how long an absence may be kept (RFC 2308 §4). */
function readSoaMinimum(message: Uint8Array, start: number, end: number): number | null {
  const primary = readName(message, start)
  const mailbox = primary === null ? null : readName(message, primary.end)
  if (mailbox === null || mailbox.end + 20 !== end) return null
  const cursor = new Cursor(message.subarray(end - 4, end))
  const minimum = cursor.u16() * 0x1_0000 + cursor.u16()
  return minimum >= 0x8000_0000 ? 0 : minimum
}

const IPV4_HINT = 4
const IPV6_HINT = 6

/** RFC 9460 §2.2: the target is never compressed, the parameters stand in ascending order, each once. */
function readService(message: Uint8Array, start: number, end: number) {
  const target = end - start < 3 ? null : readName(message.subarray(0, end), start + 2)
  if (target === null || target.compressed) return null
  const cursor = new Cursor(message.subarray(target.end, end))
  const hints: Ip[] = []
  let last = -1
  while (cursor.left > 0) {
    const [key, length] = [cursor.u16(), cursor.u16()]
    const data = cursor.take(length)
    if (cursor.short || key <= last) return null
    last = key
    const size = key === IPV4_HINT ? 4 : key === IPV6_HINT ? 16 : null
    if (size === null) continue
    if (data.length === 0 || data.length % size !== 0) return null
    for (let at = 0; at < data.length; at += size) hints.push(ipFromBytes(data.subarray(at, at + size)))
  }
  const priority = new Cursor(message.subarray(start, end)).u16()
  return { priority, target: target.name, hints }
}
