/** The content of a request's Authorization header. `why` is for the log and never holds the token. */
export type Bearer =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'refused'; readonly why: string }

/** The gateway refuses a longer token before any other work. */
export const tokenLengthAtMost = 8_192

/** RFC 6750 §2.1: `"Bearer" 1*SP b64token`; the scheme's name is case-insensitive (RFC 9110 §11.1). */
const bearerCredentials = /^bearer +([\w\-.~+/]+=*)$/i

/** RFC 9110 §11.4: a scheme is a token (§5.6.2), alone or followed by a space. */
const authenticationScheme = /^[\w!#$%&'*+\-.^`|~]+(?= |$)/

const none: Bearer = Object.freeze({ kind: 'none' })
const refused = (why: string): Bearer => Object.freeze({ kind: 'refused', why })
const repeated = refused('more than one Authorization header')
const noScheme = refused('an Authorization header without a scheme')
const malformed = refused('malformed Bearer credentials')
const tooLong = refused(`a token longer than ${tokenLengthAtMost} characters`)

/**
 * Reads the access token from Node's flat list of raw headers (`[name, value, name, value, …]`).
 *
 * `request.headers` keeps the first Authorization header and silently drops the others. A proxy and the gateway could
 * then judge a request by different tokens. A token in the query string or in the body does not count (RFC 9700
 * §4.3.2).
 *
 * @returns `none` without the header or with another scheme; `refused` for Bearer credentials that break RFC 6750
 */
export function readBearer(rawHeaders: readonly string[]): Bearer {
  let credentials: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length !== 13 || name.toLowerCase() !== 'authorization') continue
    if (credentials !== undefined) return repeated
    credentials = rawHeaders[index + 1] ?? ''
  }
  return credentials === undefined ? none : parseCredentials(credentials)
}

function parseCredentials(credentials: string): Bearer {
  const token = bearerCredentials.exec(credentials)?.[1]
  if (token !== undefined) return token.length > tokenLengthAtMost ? tooLong : { kind: 'token', token }
  const scheme = authenticationScheme.exec(credentials)?.[0]
  if (scheme === undefined) return noScheme
  return scheme.toLowerCase() === 'bearer' ? malformed : none
}
