import type { JWTPayload } from 'jose'
import { z } from 'zod'
import type { Caller } from '../domain/caller.ts'
import { foldUuid, isUuid } from '../domain/uuid.ts'
import { TokenRefused } from './token-refused.ts'

/**
 * At most 255 code points, as PostgreSQL counts them. No control character and no lone surrogate, because PostgreSQL
 * cannot store NUL or ill-formed Unicode, and control characters could forge a log line.
 */
const text = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u)

/**
 * Scope words: RFC 6749 §3.3, `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`, between blanks. The RFC wants one blank
 * between two words and none elsewhere. Tokens of Mithril with more blanks are in circulation, so empty words do not
 * count.
 */
export const scope = z
  .string()
  .regex(/^[ !#-[\]-~]*$/)
  .transform((text): readonly string[] => Object.freeze(text.split(' ').filter((word) => word !== '')))

/**
 * A NumericDate (RFC 7519 §2). zod's number is finite: `1e999` in JSON is Infinity, and a token with it would never
 * expire.
 */
const date = z.number()

const accessTokenClaims = z.object({
  exp: date,
  iat: date,
  nbf: date.optional(),
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  // The issuer may name its users as it likes; those of Mithril are UUIDs.
  sub: text.transform(foldUuid),
  client_id: z.string().refine(isUuid).transform(foldUuid),
  client_type: text,
  scope,
})

/**
 * Claims that every access token must have (RFC 9068 §2.2, and Mithril's `client_type`). jose itself demands `iss` and
 * `aud`.
 */
export const requiredClaims = ['exp', 'iat', 'sub', 'client_id', 'client_type', 'scope']

/** The content of an access token. Times are in seconds since 1970. */
export interface AccessToken {
  readonly caller: Caller
  readonly expiresAt: number
  readonly issuedAt: number
}

/**
 * Parses the claims of a token with a verified signature. It coerces and trims nothing. It writes UUIDs in lower case,
 * because some programs write them in capitals.
 * @throws TokenRefused `claims` with the name of the claim
 */
export function parseClaims(payload: JWTPayload): AccessToken {
  const parsed = accessTokenClaims.safeParse(payload)
  if (!parsed.success) throw new TokenRefused('claims', String(parsed.error.issues[0]?.path[0]))
  const { exp, iat, sub, client_id: clientId, client_type: clientType, scope: scopes } = parsed.data
  // RFC 9068 §2.2: where no user is involved, `sub` is the client itself.
  const userId = sub === clientId ? null : sub
  return { caller: Object.freeze({ clientId, clientType, scopes, userId }), expiresAt: exp, issuedAt: iat }
}
