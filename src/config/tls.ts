/**
 * The files of a door that speaks TLS: `tls: { certificate: door.pem, key: door.key, clients: ca.pem }`. They are read and
 * checked together, so that what does not fit is told in words of the files and not in those of a library.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TlsMaterial } from '../inbound/tls.ts'
import { OperatorError } from '../model/errors.ts'
import { readText } from './load.ts'
import { readPrivateText } from './private-text.ts'
import type { TlsFiles } from './settings.ts'

/** The texts as they stand now. Throws OperatorError where a file can't be read, or where others can read the key. */
export const readTls = ({ certificate, key, clients }: TlsFiles): TlsMaterial => ({
  certificate: readText(certificate),
  key: readPrivateText(key),
  clients: clients === null ? null : readText(clients),
})

/** Throws OperatorError where the texts are not what their files should hold. Returns what is unwise about them. */
export function checkTls(material: TlsMaterial, files: TlsFiles, now: number): readonly string[] {
  const [own, ...chain] = certificatesIn(material.certificate, files.certificate)
  if (own === undefined) throw new OperatorError(`${files.certificate}: there is no certificate in it (-----BEGIN CERTIFICATE-----)`)
  if (!own.checkPrivateKey(keyIn(material.key, files.key)))
    throw new OperatorError(`${files.key}: this is not the key of the certificate in ${files.certificate}`)
  const expired = [own, ...chain].flatMap((each) => expiry(each, files.certificate, now))
  if (material.clients === null || files.clients === null) return expired
  const authorities = certificatesIn(material.clients, files.clients)
  if (authorities.length === 0) throw new OperatorError(`${files.clients}: there is no certificate in it (-----BEGIN CERTIFICATE-----)`)
  if (!authorities.some(({ ca }) => ca))
    throw new OperatorError(`${files.clients}: no certificate in it is one of an authority, so that it can vouch for no client`)
  return [...expired, ...authorities.flatMap((each) => expiry(each, files.clients ?? '', now))]
}

/** The authorities of a far end, each a PEM text of its own. Throws OperatorError where the file holds none. */
export function readAuthorities(file: string): readonly string[] {
  const found = certificatesIn(readText(file), file)
  if (found.length === 0) throw new OperatorError(`${file}: there is no certificate in it (-----BEGIN CERTIFICATE-----)`)
  return found.map((certificate) => certificate.toString())
}

function certificatesIn(text: string, file: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw new OperatorError(`${file}: a certificate in it is damaged`, { cause })
    }
  })
}

function keyIn(text: string, file: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text))
    throw new OperatorError(`${file}: the key is encrypted, and nobody is there to ask for its password: store it without one`)
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw new OperatorError(`${file}: there is no private key in it that can be read`, { cause })
  }
}

function expiry({ subject, validFrom, validTo }: X509Certificate, file: string, now: number): readonly string[] {
  const who = subject?.split('\n').at(-1) ?? 'without a subject'
  if (Date.parse(validTo) <= now) return [`${file}: the certificate ${who} expired on ${validTo}`]
  return Date.parse(validFrom) > now ? [`${file}: the certificate ${who} is not valid before ${validFrom}`] : []
}
