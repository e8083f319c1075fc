/**
 * Whom a client's certificate names: the one common name of its subject is the user, its organizational units are the
 * groups. Case does not count in either (RFC 5280 §7.1). It trusts the certificate: whoever asks has checked it.
 */
import type { PeerCertificate } from 'node:tls'
import { ANONYMOUS, groupNamePattern, type Identity, userNamePattern } from '../model/identity.ts'

export type Named = Identity | { readonly problem: string }

/** A unit that could be no group of a policy is left out: no fence can mean it. */
export function identityIn({ subject }: Pick<PeerCertificate, 'subject'>): Named {
  const [name, ...others] = listed(subject.CN)
  if (name === undefined || others.length > 0) return { problem: 'its subject has not exactly one common name' }
  if (!userNamePattern.test(name) || name === ANONYMOUS)
    return { problem: 'the common name of its subject could not be the name of a user' }
  return { name, groups: [...new Set(listed(subject.OU))].filter((unit) => groupNamePattern.test(unit)), by: 'certificate' }
}

/** Node gives a list where there are several. */
const listed = (values: string | readonly string[] | undefined): readonly string[] =>
  values === undefined ? [] : [values].flat().map((value) => value.toLowerCase())
