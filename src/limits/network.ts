import { isIPv4, isIPv6 } from 'node:net'

/**
 * The network that an address is counted as. An IPv4 address counts as itself, also if it is mapped into IPv6 (RFC 4291
 * §2.5.5.2). An IPv6 address counts as its /64, because one host can take each address of a link (RFC 4291 §2.5.4).
 * All other texts of a proxy count as one.
 */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return 'unknown'
  // Canonical by the WHATWG parser: lower case, hexadecimal only, the longest run of zeros as `::`. It knows no zones.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [front = '', back] = canonical.split('::')
  const groupsOf = (text: string | undefined) => (text ? text.split(':') : [])
  const [first, last] = [groupsOf(front), groupsOf(back)]
  const groups = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
  const [high, low] = [Number.parseInt(groups[6] ?? '', 16), Number.parseInt(groups[7] ?? '', 16)]
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  return `${groups.slice(0, 4).join(':')}::/64`
}
