import type { Author, Call, Caller } from './caller.ts'
import { GatewayError } from './errors.ts'

/** The scope each operation needs (specification, "Scope"; `docs/platform.md` §1). */
export const requiredScope = {
  readClient: 'client:read',
  readConnection: 'connection:read',
  updateConnection: 'connection:write',
  refreshSecret: 'connection:refresh_secret',
  deleteConnection: 'connection:delete',
} as const

export type Scope = (typeof requiredScope)[keyof typeof requiredScope]

/**
 * Client types that the platform itself limits to their own client; any other unlisted type is limited too, and logged.
 */
const ownClientTypes = new Set(['MSP', 'PHARMACY', 'MSP_PHARMACY', 'MIS'])

/** How many unlisted client types are remembered as logged. The issuer is trusted, its typing mistakes are not. */
const unlistedTypesRemembered = 100

/** The rules of who may do what. The only place that knows them: doors and guards ask here. */
export interface Policy {
  /** Whether the caller has this scope word, compared exactly. */
  hasScope(caller: Caller, scope: Scope): boolean
  /** Whether the caller may act on this client: its own one, or any for an admin type. Ids are compared exactly. */
  mayAccessClient(caller: Caller, clientId: string): boolean
  /** Whether the caller's type may act on every client. */
  seesAllClients(caller: Caller): boolean
  /**
   * The rule of what needs no scope: valid token.
   * @throws GatewayError `accessDenied` or `unavailable`
   */
  authorizeCaller(call: Call): Author
  /**
   * The rule of operations that name no client: valid token, scope.
   * @throws GatewayError `accessDenied`, `invalidScopes` or `unavailable`
   */
  authorizeScope(call: Call, scope: Scope): Author
  /**
   * The whole rule, in the order that is contract: valid token, scope, client. Answers the call, its caller now known.
   * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
   */
  authorize(call: Call, scope: Scope, clientId: string): Author
}

export interface PolicyOptions {
  /** Client types that may act on every client (`ADMIN_CLIENT_TYPES`). */
  readonly adminClientTypes: readonly string[]
  /** Told once for each client type that is neither an admin type nor a known own-client type. */
  readonly onUnlistedType?: (clientType: string) => void
}

const isAuthor = (call: Call): call is Author => call.caller !== null

/** Makes the policy. Pure but for `onUnlistedType`. */
export function createPolicy({ adminClientTypes, onUnlistedType = () => {} }: PolicyOptions): Policy {
  const adminTypes = new Set(adminClientTypes)
  const unlistedTypes = new Set<string>()

  function seesAllClients({ clientType }: Caller): boolean {
    if (adminTypes.has(clientType)) return true
    if (
      !ownClientTypes.has(clientType) &&
      !unlistedTypes.has(clientType) &&
      unlistedTypes.size < unlistedTypesRemembered
    ) {
      unlistedTypes.add(clientType)
      onUnlistedType(clientType)
    }
    return false
  }

  const hasScope: Policy['hasScope'] = (caller, scope) => caller.scopes.includes(scope)
  const mayAccessClient: Policy['mayAccessClient'] = (caller, clientId) =>
    seesAllClients(caller) || caller.clientId === clientId

  function requireCaller(call: Call): Author {
    if (!isAuthor(call)) throw new GatewayError('accessDenied')
    return call
  }

  function requireScope(call: Call, scope: Scope): Author {
    const author = requireCaller(call)
    if (!hasScope(author.caller, scope)) throw new GatewayError('invalidScopes', { missingScopes: [scope] })
    return author
  }

  /** Last: what can be refused without knowing whether the caller is blocked is refused as ever. */
  function withoutDoubt(author: Author): Author {
    if (author.caller.doubt !== undefined) throw author.caller.doubt
    return author
  }

  return {
    hasScope,
    mayAccessClient,
    seesAllClients,
    authorizeCaller: (call) => withoutDoubt(requireCaller(call)),
    authorizeScope: (call, scope) => withoutDoubt(requireScope(call, scope)),
    authorize(call, scope, clientId) {
      const author = requireScope(call, scope)
      if (!mayAccessClient(author.caller, clientId)) throw new GatewayError('forbidden')
      return withoutDoubt(author)
    },
  }
}
