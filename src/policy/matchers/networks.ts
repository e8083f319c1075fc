/** Networks as `cidr`, `client` and `local_network` write them. */
import { type Cidr, isCidr, parseCidr } from '../../model/cidr.ts'
import { printable } from '../../model/hostname.ts'

export function compileNetworks(items: readonly string[], report: (index: number, message: string) => void): readonly Cidr[] {
  const networks: Cidr[] = []
  for (const [i, item] of items.entries()) {
    const parsed = parseCidr(item)
    if (isCidr(parsed)) networks.push(parsed)
    else if (parsed.problem === 'host-bits-set')
      report(i, `"${printable(item)}" is not the start of a network, did you mean "${parsed.suggestion}"?`)
    else
      report(
        i,
        `"${printable(item)}" is not a network${parsed.problem === 'bad-length' ? ': the prefix length is out of range' : ' (write 10.0.0.0/8 or 2001:db8::/32)'}`,
      )
  }
  return networks
}
