import { domainToASCII, domainToUnicode } from 'node:url'

/**
 * The parts of a redirect URI that rules and warnings read. An empty or bracketed host has no labels, so that no rule
 * about labels reports it.
 */
export interface RedirectUriParts {
  readonly authority: string
  readonly host: string
  readonly port: string | undefined
  readonly path: string
  /** The query with its `?`. Empty: the value has no `?`. */
  readonly query: string
  /** The host's labels as written, with ASCII letters in lower case. */
  readonly labels: readonly string[]
  /** The same labels as U-labels and as A-labels. Empty: UTS 46 cannot map the host. */
  readonly unicode: readonly string[]
  readonly ascii: readonly string[]
}

/** Splits a URI as RFC 3986 appendix B does: `new URL` would change it. null: no `scheme://`. Never throws. */
export function partsOf(value: string): RedirectUriParts | null {
  const uri = /^[a-z][a-z0-9+.-]*:\/\/(?<authority>[^/?#]*)(?<path>[^?#]*)(?<query>[^#]*)/i.exec(value)?.groups
  if (uri === undefined) return null
  const { authority = '', path = '', query = '' } = uri
  const hostAndPort = authority.slice(authority.lastIndexOf('@') + 1)
  const { host = '', port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>.*))?$/s.exec(hostAndPort)?.groups ?? {}
  const name = host.startsWith('[') ? '' : host.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const labels = split(name)
  // Most hosts are plain ASCII, and UTS 46 is the most expensive step.
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
 * A name that UTS 46 maps to itself in both directions. It has ASCII letters, digits and hyphens, and no A-label. It
 * does not end in a number, because browsers read such a name as an address.
 */
function isPlain(name: string): boolean {
  return /^[a-z0-9.-]*[a-z-]$/.test(name) && !name.includes('xn--') && !/(?:^|\.)0x[0-9a-f]*$/.test(name)
}

/**
 * Whether a browser may read the host as an IPv4 address. Digits of every script count, because no top-level domain is
 * numeric (RFC 3696 §2).
 */
export function endsInNumber({ labels }: RedirectUriParts): boolean {
  return /^(?:\p{Nd}+|0x[0-9a-f]*)$/u.test(labels.findLast((label) => label !== '') ?? '')
}

function split(name: string): readonly string[] {
  return name === '' ? [] : name.split('.')
}
