import type { Call } from './call.ts'
import type { Caller } from './caller.ts'
import { GatewayError } from './errors.ts'
import type { Scope } from './operation-rules.ts'

/** Client types that the platform limits to their own client; any other unlisted type is limited, too, and logged. */
const ownClientTypes = new Set(['MSP', 'PHARMACY', 'MSP_PHARMACY', 'MIS'])

/** How many unlisted client types are remembered as logged. The issuer is trusted, its typing mistakes are not. */
const unlistedTypesRemembered = 100

/** The rules of access. No other place knows them: permits and the viewer ask here. */
export interface Policy {
  /** Whether the caller has this scope word, compared exactly. */
  hasScope(caller: Caller, scope: Scope): boolean
  /** Whether the caller may act on this client: its own one, or any for an admin type. Ids are compared exactly. */
  mayAccessClient(caller: Caller, clientId: string): boolean
  /** Whether the caller's type may act on every client. */
  seesAllClients(caller: Caller): boolean
  /**
   * The whole rule, in the order that is contract: valid token, scope, client.
   * @param scope null: none is needed
   * @param clientId null: the act is on no single client
   * @returns the caller, now known
   * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
   */
  authorize(call: Pick<Call, 'caller'>, scope: Scope | null, clientId: string | null): Caller
}

export interface PolicyOptions {
  /** Client types that may act on every client (`ADMIN_CLIENT_TYPES`). */
  readonly adminClientTypes: readonly string[]
  /** Told once for each client type that is neither an admin type nor a known own-client type. */
  readonly onUnlistedType?: (clientType: string) => void
}

/** Makes the policy. Pure but for `onUnlistedType`. */
export function createPolicy({ adminClientTypes, onUnlistedType = () => {} }: PolicyOptions): Policy {
  const adminTypes = new Set(adminClientTypes)
  const unlistedTypes = new Set<string>()

  function seesAllClients({ clientType }: Caller): boolean {
    if (adminTypes.has(clientType)) return true
    const isNew = !ownClientTypes.has(clientType) && !unlistedTypes.has(clientType)
    if (isNew && unlistedTypes.size < unlistedTypesRemembered) {
      unlistedTypes.add(clientType)
      onUnlistedType(clientType)
    }
    return false
  }

  const hasScope: Policy['hasScope'] = (caller, scope) => caller.scopes.includes(scope)
  const mayAccessClient: Policy['mayAccessClient'] = (caller, clientId) =>
    seesAllClients(caller) || caller.clientId === clientId

  return {
    hasScope,
    mayAccessClient,
    seesAllClients,
    authorize({ caller }, scope, clientId) {
      if (caller === null) throw new GatewayError('accessDenied')
      if (scope !== null && !hasScope(caller, scope))
        throw new GatewayError('invalidScopes', { missingScopes: [scope] })
      if (clientId !== null && !mayAccessClient(caller, clientId)) throw new GatewayError('forbidden')
      // Checked last, so that 401 and 403 do not depend on the registry.
      if (caller.statusUnknown !== undefined) throw caller.statusUnknown
      return caller
    },
  }
}
