/** The shape of `ringfence.yaml`: how this node runs. Every key has a default; the defaults are what no file at all means. */
import { z } from 'zod'
import { geoSourceSchema } from '../geoip/index.ts'
import { inbounds } from '../inbound/index.ts'

const inboundTypes = Object.keys(inbounds) as [keyof typeof inbounds]

const inbound = z.strictObject({
  type: z.enum(inboundTypes),
  listen: z.string(),
  /** What `inbound:` in a policy and the records call it; default: the type. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: 'must be lower-case letters, digits and hyphens, at most 32' })
    .optional(),
  /** Networks whose clients may use the door; required where it is not on loopback. */
  clients: z.array(z.string()).min(1).optional(),
})

const seconds = (most: number) => z.number().positive().max(most)

export const settingsDocument = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }).default(1),
  /** The name of this node in its records; default: the host's name. */
  node: z.string().min(1).max(64).optional(),
  /** A pack's name or a file, relative to this one. */
  policy: z.string().min(1).default('observe'),
  inbounds: z
    .array(inbound)
    .min(1)
    .default([{ type: 'mixed', listen: '127.0.0.1:8080' }]),
  resolver: z
    .strictObject({
      servers: z.array(z.string()).min(1).default(['system']),
      local_names: z.array(z.string()).default(['localhost', 'local', 'test', 'internal', 'home.arpa']),
    })
    .prefault({}),
  geoip: z
    .strictObject({
      sources: z
        .array(geoSourceSchema)
        .min(1)
        .default([{ type: 'embedded' }]),
    })
    .prefault({}),
  records: z
    .strictObject({
      folder: z.string().min(1).optional(),
      when_disk_full: z.enum(['block', 'continue']).default('block'),
    })
    .prefault({}),
  /** Ports that are refused in every mode. */
  denied_ports: z.array(z.number().int().min(1).max(65_535)).default([25]),
  limits: z
    .strictObject({
      head_bytes: z.number().int().min(1_024).max(61_440).default(32_768),
      head_seconds: seconds(600).default(30),
      dial_seconds: seconds(120).default(10),
      idle_minutes: seconds(10_080).default(60),
      half_closed_seconds: seconds(86_400).default(60),
    })
    .prefault({}),
})

export type SettingsDocument = z.output<typeof settingsDocument>
