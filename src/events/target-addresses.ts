import ipaddr from 'ipaddr.js'
import type { TargetAddresses } from '../domain/event-target.ts'
import { trustNetworks } from '../limits/network.ts'

/** The networks of IPv6 that IANA has given out as global unicast. ipaddr.js takes the rest for unicast, too. */
const globalUnicast = ipaddr.parseCIDR('2000::/3')

/** An address of Azure's platform that answers about the machine. It is no special range of any registry. */
const platformAddress = '168.63.129.16'

function isPublic(text: string): boolean {
  // The library also reads `0x7f.1` and `127.1`. The socket layer is only ever given the plain form.
  if (ipaddr.IPv4.isValidFourPartDecimal(text))
    return ipaddr.parse(text).range() === 'unicast' && text !== platformAddress
  if (!ipaddr.IPv6.isValid(text) || text.includes('%')) return false
  const address = ipaddr.parse(text)
  return address.range() === 'unicast' && address.match(globalUnicast)
}

/**
 * The addresses to which the gateway may send events: public unicast addresses, and those of named networks. An IPv4
 * address inside an IPv6 one is refused: mapped, compatible, translated (NAT64) or tunnelled (6to4, Teredo).
 * @param networks addresses and networks in CIDR notation
 */
export function createTargetAddresses(networks: readonly string[]): TargetAddresses {
  const isNamed = trustNetworks(networks)
  return { isNamed, isAllowed: (text) => isPublic(text) || isNamed(text) }
}
