import type { JWTPayload } from 'jose'
import { z } from 'zod'
import type { Caller } from '../domain/caller.ts'
import { foldUuid, isUuid } from '../domain/uuid.ts'
import { TokenRefused } from './token-refused.ts'

/**
 * Code points, as the database counts them; no control character (NUL above all) and no lone surrogate, which neither
 * logs nor columns bear.
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
 * Claims that every access token must have (RFC 9068 §2.2, and Mithril's `client_type`). `iss` and `aud` jose demands
 * by itself.
 */
export const requiredClaims = ['exp', 'iat', 'sub', 'client_id', 'client_type', 'scope']

/** What an access token says: the caller, and until when (seconds since 1970). */
export interface AccessToken {
  readonly caller: Caller
  readonly expiresAt: number
  readonly issuedAt: number
}

/**
 * Types the claims of a token whose signature has been verified. Nothing is coerced or trimmed. UUIDs get their one
 * spelling, in lower case: some programs write them in capitals.
 * @throws TokenRefused `claims`, naming the claim
 */
export function parseClaims(payload: JWTPayload): AccessToken {
  const parsed = accessTokenClaims.safeParse(payload)
  if (!parsed.success) throw new TokenRefused('claims', String(parsed.error.issues[0]?.path[0]))
  const { exp, iat, sub, client_id: clientId, client_type: clientType, scope: scopes } = parsed.data
  // RFC 9068 §2.2: where no user is involved, `sub` is the client itself.
  const userId = sub === clientId ? null : sub
  return { caller: Object.freeze({ clientId, clientType, scopes, userId }), expiresAt: exp, issuedAt: iat }
}
