import { domainToASCII, domainToUnicode } from 'node:url'

/**
 * The pieces of a redirect URI that rules and warnings look at. An empty or bracketed host has no labels, which keeps
 * rules about labels silent.
 */
export interface RedirectUriParts {
  readonly authority: string
  readonly host: string
  readonly port: string | undefined
  readonly path: string
  /** With its `?`; empty without one. */
  readonly query: string
  /** The host's labels as written, but for ASCII case. */
  readonly labels: readonly string[]
  /** The same as U-labels and as A-labels; empty if UTS 46 cannot map the host. */
  readonly unicode: readonly string[]
  readonly ascii: readonly string[]
}

/** Splits by hand (RFC 3986 appendix B): `new URL` repairs what it reads. Null without `scheme://`. Never throws. */
export function partsOf(value: string): RedirectUriParts | null {
  const uri = /^[a-z][a-z0-9+.-]*:\/\/(?<authority>[^/?#]*)(?<path>[^?#]*)(?<query>[^#]*)/i.exec(value)?.groups
  if (uri === undefined) return null
  const { authority = '', path = '', query = '' } = uri
  const hostAndPort = authority.slice(authority.lastIndexOf('@') + 1)
  const { host = '', port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>.*))?$/s.exec(hostAndPort)?.groups ?? {}
  const name = host.startsWith('[') ? '' : host.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const labels = split(name)
  // Most hosts by far, and UTS 46 is the dearest step of all.
  if (isPlain(name)) return { authority, host, port, path, query, labels, unicode: labels, ascii: labels }
  const unicodeName = domainToUnicode(name)
  return {
    authority,
    host,
    port,
    path,
    query,
    labels,
    unicode: split(unicodeName),
    ascii: split(domainToASCII(unicodeName)),
  }
}

/**
 * A name that UTS 46 maps to itself, in both directions: letters, digits and hyphens of ASCII, no A-label, and no
 * number at its end, where browsers read an address.
 */
function isPlain(name: string): boolean {
  return /^[a-z0-9.-]*[a-z-]$/.test(name) && !name.includes('xn--') && !/(?:^|\.)0x[0-9a-f]*$/.test(name)
}

/**
 * Whether a browser takes the host for an IPv4 address. Digits of every script, since RFC 3696 §2 knows no numeric
 * top-level domain.
 */
export function endsInNumber({ labels }: RedirectUriParts): boolean {
  return /^(?:\p{Nd}+|0x[0-9a-f]*)$/u.test(labels.findLast((label) => label !== '') ?? '')
}

function split(name: string): readonly string[] {
  return name === '' ? [] : name.split('.')
}
