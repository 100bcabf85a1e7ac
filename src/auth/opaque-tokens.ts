import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Caller } from '../domain/caller.ts'
import type { CallerRegistry, StoredToken } from '../domain/caller-registry.ts'
import { scope } from './claims.ts'
import { createRecentAnswers } from './recent-answers.ts'
import { type RefusalReason, TokenRefused } from './token-refused.ts'

/** The column's width. */
const lengthAtMost = 255

/**
 * Whether a token can be an opaque one of Mithril. Mithril's tokens are base64url without a dot, and a JWT has two
 * dots. So no row of the table `tokens` can make a token with a dot valid.
 */
export function isOpaque(token: string): boolean {
  return !token.includes('.')
}

export interface OpaqueTokens {
  /**
   * Verifies an opaque token. A remembered token is answered without a promise.
   * @param mayLookUp false: only remembered tokens are known
   * @throws TokenRefused the token is not acceptable (401)
   * @throws GatewayError `unavailable` (503)
   */
  verify(token: string, mayLookUp: boolean): Caller | Promise<Caller>
}

export interface OpaqueTokensOptions {
  readonly registry: Pick<CallerRegistry, 'tokenOf'>
  /** Milliseconds since 1970, by the wall clock, because `expires_at` is a time of it. */
  readonly wallClock?: () => number
  /** Milliseconds of a clock that is never set back. */
  readonly now?: () => number
}

/** The meaning of a row: its caller and end (seconds since 1970), or the reason of its refusal. */
type Meaning = { readonly caller: Caller; readonly expiresAt: number } | { readonly refused: RefusalReason }

const storedToken = z.object({ scope, expiresAt: z.number() })

function meaningOf(row: StoredToken | null): Meaning {
  if (row === null) return { refused: 'opaque_unknown' }
  const parsed = storedToken.safeParse(row)
  if (!parsed.success) return { refused: 'claims' }
  const { clientId, clientType, userId } = row
  return {
    caller: Object.freeze({ clientId, clientType, scopes: parsed.data.scope, userId }),
    expiresAt: parsed.data.expiresAt,
  }
}

/** Makes the verifier of the opaque access tokens that Mithril keeps in its table `tokens`. */
export function createOpaqueTokens({ registry, wallClock = Date.now, now }: OpaqueTokensOptions): OpaqueTokens {
  const meanings = createRecentAnswers<string, Meaning>({
    lookUp: async (token) => meaningOf(token.length > lengthAtMost ? null : await registry.tokenOf(token)),
    // Keyed by a digest, so that memory holds no usable token.
    keyOf: (token) => hash('sha256', token, 'base64url'),
    now,
  })

  function accept(meaning: Meaning): Caller {
    if ('refused' in meaning) throw new TokenRefused(meaning.refused)
    if (meaning.expiresAt <= wallClock() / 1_000) throw new TokenRefused('expired', 'expires_at')
    return meaning.caller
  }

  return {
    verify(token, mayLookUp) {
      const meaning = mayLookUp ? meanings.ask(token) : meanings.recall(token)
      if (meaning === undefined) throw new TokenRefused('opaque_not_looked_up')
      return meaning instanceof Promise ? meaning.then(accept) : accept(meaning)
    },
  }
}
