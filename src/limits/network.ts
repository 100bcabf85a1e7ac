import ipaddr from 'ipaddr.js'

/** An IPv4 address with a port, or an IPv6 address in brackets with or without one, as some proxies write it. */
const withPort = /^(?:(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|\[([\da-f]*:[\da-f:.]{1,44})\](?::\d{1,5})?)$/i

/** Parses an address of `X-Forwarded-For` or of a connection; null for anything else. A mapped IPv4 address is IPv4. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const [, v4, v6] = withPort.exec(text) ?? []
  const address = v4 ?? v6 ?? text
  // ipaddr.js also reads `0x7f.1`, which no proxy writes.
  return ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address) ? ipaddr.process(address) : null
}

/**
 * The network that a limit counts for an address. For IPv4 it is the address itself, also if it is mapped into IPv6
 * (RFC 4291 §2.5.5.2). For IPv6 it is the /64, because one host can take each address of a link (RFC 4291 §2.5.4). All
 * other texts of a proxy share one count.
 */
export function networkOf(text: string): string {
  const address = parseAddress(text)
  if (address === null) return 'unknown'
  if (address instanceof ipaddr.IPv4) return address.toString()
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}

/**
 * Makes the function that tells whether an address is a trusted proxy. Fastify believes its `X-Forwarded-For`.
 * @param networks addresses and networks in CIDR notation
 */
export function trustNetworks(networks: readonly string[]): (address: string) => boolean {
  const trusted = networks.map((network) => {
    const [base, bits] = network.includes('/') ? ipaddr.parseCIDR(network) : [ipaddr.parse(network), null]
    // A mapped network covers the IPv4 addresses that it maps.
    if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress())
      return [base.toIPv4Address(), bits === null ? 32 : Math.max(0, bits - 96)] as const
    return [base, bits ?? (base.kind() === 'ipv4' ? 32 : 128)] as const
  })
  return (text) => {
    const address = parseAddress(text)
    return (
      address !== null && trusted.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits))
    )
  }
}
