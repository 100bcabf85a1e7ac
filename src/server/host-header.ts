import { isIPv6 } from 'node:net'

/** A name or IPv4 address, then the port (RFC 3986 §3.2.2). The name may be empty (RFC 9110 §7.2). */
const named = /^(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*(?::(\d*))?$/i

/** An address in brackets, then the port. */
const bracketed = /^\[([^\]]*)\](?::(\d*))?$/

/** Whether the value of a Host header is `uri-host [ ":" port ]` (RFC 9110 §7.2). */
export function isHost(value: string): boolean {
  const [, address, portOfAddress] = bracketed.exec(value) ?? []
  if (address !== undefined) return isIPv6(address) && Number(portOfAddress ?? 0) <= 65_535
  const found = named.exec(value)
  return found !== null && Number(found[1] ?? 0) <= 65_535
}
