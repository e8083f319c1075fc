/** The shape of `ringfence.yaml`: how this node runs. Every key has a default; the defaults are what no file at all means. */
import { z } from 'zod'
import { geoSourceSchema } from '../geoip/kinds.ts'
import { inbounds } from '../inbound/index.ts'
import { doorName, groupName } from './names.ts'
import { upstreamSchema } from './upstream.ts'

const someOf = <T extends z.ZodType>(item: T) => z.array(item).min(1, { error: 'must have at least one entry' })

const atMost = (most: number) =>
  z
    .number()
    .positive({ error: 'must be more than 0' })
    .max(most, { error: `must be at most ${most}` })

const degrees = (most: number) =>
  z
    .number()
    .min(-most, { error: `must be at least -${most} degrees` })
    .max(most, { error: `must be at most ${most} degrees` })

const whole = (least: number, most: number) =>
  z
    .number()
    .refine(Number.isInteger, { error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` })

/** What people write who want no page, or name its place at once. */
const notASection = (web: unknown): string | undefined =>
  typeof web === 'string' || typeof web === 'boolean'
    ? 'must be a set of keys: web: { listen: "127.0.0.1:8081" }, or web: { listen: off } for no page'
    : undefined

const inboundTypes = Object.keys(inbounds) as [keyof typeof inbounds]

const client = z.union([z.string(), z.strictObject({ network: z.string(), groups: someOf(groupName) })], {
  error: 'must be a network, or one with groups: { network: 10.1.0.0/16, groups: [office] }',
})

const file = z.string({ error: 'must be the path of a file' }).min(1, { error: 'must be the path of a file' })

const tls = z.strictObject({
  certificate: file,
  key: file,
  /** The certificate of the authority by whose certificates clients are known. */
  clients: file.optional(),
})

const inbound = z.strictObject({
  type: z.enum(inboundTypes),
  listen: z.string({ error: 'must be an address and a port, such as "127.0.0.1:8080"' }),
  /** What `inbound:` in a policy and the records call it; default: the type. */
  name: doorName.optional(),
  /** Whether those who use the door must log in; default: `required` where there are `users`, `certificate` where clients show one. */
  login: z.enum(['required', 'certificate', 'none']).optional(),
  /** Networks whose clients may use the door, and the groups that these are in; one not on loopback needs them, or a login. */
  clients: someOf(client).optional(),
  /** The door speaks TLS, with these files, relative to this one. */
  tls: tls.optional(),
  /** The load balancers that begin each connection with a PROXY header. */
  proxy_protocol: z.strictObject({ from: someOf(z.string()) }).optional(),
})

/** Every key of a section has a default, so that the section may be left out as a whole: it is then read as an empty one. */
export const settingsDocument = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }).default(1),
  /** The name of this node in its records; default: the host's name. */
  node: z.string().min(1, { error: 'must not be empty' }).max(64, { error: 'must have at most 64 characters' }).optional(),
  /** A pack's name or a file, relative to this one. */
  policy: z.string().min(1, { error: 'must be the name of a pack or of a file' }).default('observe'),
  /** The file of those who may log in, relative to this one. */
  users: z.string().min(1, { error: 'must be the path of a file' }).optional(),
  inbounds: someOf(inbound).default([{ type: 'mixed', listen: '127.0.0.1:8080' }]),
  resolver: z
    .strictObject({
      servers: someOf(z.string()).default(['system']),
      local_names: z.array(z.string()).default(['localhost', 'local', 'test', 'internal', 'home.arpa']),
    })
    .prefault({}),
  geoip: z
    .strictObject({
      sources: someOf(geoSourceSchema).default([{ type: 'embedded' }]),
      /** Where downloaded editions and what was accepted are kept; default: `geoip` in the state folder. */
      folder: z.string().min(1, { error: 'must be the path of a folder' }).optional(),
      /** A lock that `geoip lock` wrote: exactly its data is used. */
      lock: z.string().min(1, { error: 'must be the path of a file' }).optional(),
      /** At start, where no source can be used: `block` what needs a country, or `exit`. */
      when_no_table: z.enum(['block', 'exit']).default('block'),
      /** Where this machine is, for what round-trip times rule out. */
      vantage: z.strictObject({ latitude: degrees(90), longitude: degrees(180) }).optional(),
    })
    .prefault({}),
  records: z
    .strictObject({
      folder: z.string().min(1, { error: 'must be the path of a folder' }).optional(),
      when_disk_full: z.enum(['block', 'continue']).default('block'),
    })
    .prefault({}),
  web: z
    .strictObject(
      {
        /** An address and a port on loopback, or `off`; default: 127.0.0.1:8081. */
        listen: z.string({ error: 'must be an address and a port, such as "127.0.0.1:8081", or off' }).optional(),
        /** What /proxy.pac tells browsers beside the doors. */
        pac: z.strictObject({ direct_fallback: z.boolean().default(false), local_direct: z.boolean().default(false) }).prefault({}),
      },
      { error: ({ code, input }) => (code === 'invalid_type' ? notASection(input) : undefined) },
    )
    .prefault({}),
  /** Proxies that everything goes through, tried in order; none: destinations are reached directly. */
  upstream: z.array(upstreamSchema).default([]),
  /** Ports that are refused in every mode. */
  denied_ports: z.array(whole(1, 65_535)).default([25]),
  limits: z
    .strictObject({
      /** Of all doors together; `auto`: what the descriptors of the process allow. */
      connections: z.union([z.literal('auto'), whole(1, 1_000_000)], { error: 'must be auto or a whole number' }).default('auto'),
      /** Default: 1024, and on loopback, where everybody has one address, no limit. */
      per_client: whole(1, 1_000_000).optional(),
      /** New connections are turned away above it; `auto`: what the machine's limits allow. */
      memory_mb: z.union([z.literal('auto'), whole(64, 1_048_576)], { error: 'must be auto or a whole number' }).default('auto'),
      /** Failed logins of a client, and of a user, behind which no further one is checked. */
      login_failures_per_minute: whole(1, 1_000).default(10),
      head_bytes: whole(1_024, 61_440).default(32_768),
      head_seconds: atMost(600).default(30),
      dial_seconds: atMost(120).default(10),
      idle_minutes: atMost(10_080).default(60),
      half_closed_seconds: atMost(86_400).default(60),
      /** A UDP destination to and from which nothing moved for so long. */
      udp_idle_seconds: atMost(86_400).default(60),
      /** SOCKS5 UDP associations of one client at a time. */
      associations_per_client: whole(1, 100_000).default(32),
    })
    .prefault({}),
})

export type SettingsDocument = z.output<typeof settingsDocument>
