import { isIP } from 'node:net'
import { z } from 'zod'

/** A whole number within bounds. */
export const wholeNumber = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be from ${minimum} to ${maximum}`)
    .describe(`${minimum} to ${maximum}`)

/** Exactly `true` or `false`. */
export const truth = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((text) => text === 'true')
  .describe('`true` or `false`')

/** Words between separators. White space around a word does not count, and empty words do not either. */
export const words = (separator: string) =>
  z
    .string()
    .transform((text) =>
      text
        .split(separator)
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    )
    .describe(`list, separated by \`${separator}\``)

/** A URL of one of these schemes, each written with its colon. */
export const url = (schemes: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
    )
    .transform((text) => new URL(text))
    .describe(`URL: ${schemes.map((scheme) => `\`${scheme}//\``).join(' or ')}`)

/** Whether a URL names a host and, at most, the number of a database: `redis://host:6379/1`. */
export const isRedisAddress = ({ hostname, pathname }: URL) => hostname !== '' && /^(?:\/\d{0,9})?$/.test(pathname)

/** One server of NATS, and how to sign in there. */
export interface NatsServer {
  /** Host and port, as NATS clients write them. */
  readonly address: string
  /** The name or IP address that the certificate of the server must have. */
  readonly host: string
  /** Whether the connection must have TLS. With `nats://` the server decides. */
  readonly tls: boolean
  readonly credentials: { readonly user: string; readonly pass: string } | { readonly token: string } | null
}

/** Reads `nats://user:password@host:port`. A name alone before the `@` is a token. null: the text is no such URL. */
export function natsServerOf(text: string): NatsServer | null {
  const found = URL.canParse(text) ? new URL(text) : null
  if (found === null || !/^(?:nats|tls):$/.test(found.protocol) || found.hostname === '') return null
  if (!/^\/?$/.test(found.pathname) || found.search + found.hash !== '') return null
  try {
    const [user, pass] = [decodeURIComponent(found.username), decodeURIComponent(found.password)]
    return {
      address: `${found.hostname}:${found.port || '4222'}`,
      host: found.hostname.replace(/^\[|\]$/g, ''),
      tls: found.protocol === 'tls:',
      credentials: user === '' ? null : pass === '' ? { token: user } : { user, pass },
    }
  } catch {
    return null
  }
}

/** Whether a URL has only scheme, host and port. */
export const isOrigin = ({ pathname, search, hash, username, password }: URL) =>
  pathname === '/' && search + hash + username + password === ''

/** Whether a text is an IP address or a network in CIDR notation (RFC 4632 §3.1). */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  return (
    version !== 0 &&
    rest.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
  )
}

/** Prisma reads `?schema=`, pg does not. Without it both use `public`. */
export const namesNoSchema = (text: string) => /[?&]schema=(?!public(&|$))/.exec(text) === null

/**
 * Whether pg can parse the text. `postgresql://user@/database?host=/socket` is valid for pg, but not for the URL class.
 */
export const isConnectionString = (text: string) => URL.canParse(text) || URL.canParse(text.replace('@/', '@socket/'))

/** Whether a host name or address is a loopback one, which an issuer or key server may use without TLS. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}

/** Whether a network (or a single address) in CIDR notation holds loopback addresses only. */
export function isLoopbackNetwork(network: string): boolean {
  const [address = '', bits] = network.split('/')
  return isLoopback(address) && (bits === undefined || Number(bits) >= (isIP(address) === 4 ? 8 : 128))
}

/**
 * The host of a connection string in the order of pg: the parameter `host`, the host of the URL, `PGHOST`. A socket is
 * on this machine, so the function returns `localhost` for it.
 */
export function databaseHost(text: string, pghost = ''): string {
  const { searchParams, hostname } = new URL(URL.canParse(text) ? text : text.replace('@/', '@%2Fsocket/'))
  const host = searchParams.get('host') || decodeURIComponent(hostname) || pghost
  return host === '' || host.startsWith('/') ? 'localhost' : host
}
