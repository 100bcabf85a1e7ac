import type { Author, Call, Caller } from './caller.ts'
import type { Policy, Scope } from './policy.ts'

/** Where somebody stands within a limit, after having been counted. */
export interface Allowance {
  readonly limit: 'write' | 'authentication'
  /** How many are allowed in a window. */
  readonly quota: number
  readonly windowSeconds: number
  /** How many of them are left. */
  readonly remaining: number
  /** Whole seconds, at least 1, until the window ends and all of them are there again. */
  readonly resetSeconds: number
}

/**
 * Counts one write of a caller; at once where no other machine has to be asked.
 * @throws GatewayError `tooManyRequests`
 */
export type WriteLimit = (caller: Caller) => Allowance | Promise<Allowance>

/**
 * What every write begins with: the rule of `Policy.authorize`, then one count. Whoever may not write is not counted,
 * so nobody uses up somebody else's writes; whatever is wrong with the rest of the request comes after, and does count.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `tooManyRequests`
 */
export type AuthorizeWrite = (call: Call, scope: Scope, clientId: string) => Author | Promise<Author>

export interface AuthorizeWriteDeps {
  readonly policy: Pick<Policy, 'authorize'>
  /** null: no limit. */
  readonly writeLimit: WriteLimit | null
}

/** Makes the one way into all writing operations. */
export function createAuthorizeWrite({ policy, writeLimit }: AuthorizeWriteDeps): AuthorizeWrite {
  return (call, scope, clientId) => {
    const author = policy.authorize(call, scope, clientId)
    if (writeLimit === null || call.isCounted) return author
    const counted = writeLimit(author.caller)
    return counted instanceof Promise ? counted.then(() => author) : author
  }
}
