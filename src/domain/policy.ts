import type { Call } from './call.ts'
import type { Caller } from './caller.ts'
import { GatewayError } from './errors.ts'
import type { Scope } from './operation-rules.ts'

/** Client types that the platform limits to their own client. The policy limits unlisted types, too, and logs them. */
const ownClientTypes = new Set(['MSP', 'PHARMACY', 'MSP_PHARMACY', 'MIS'])

/** The number of unlisted client types that the policy logs. An issuer that mistypes them cannot fill the memory. */
const unlistedTypesRemembered = 100

/**
 * The rule of access that all operations share: token, scope, own client. The refresh judges the consumer's key, and
 * `auth/admit-caller.ts` judges blocks and brokers' keys.
 */
export interface Policy {
  /** Whether the caller has exactly this scope word. */
  hasScope(caller: Caller, scope: Scope): boolean
  /** Whether the caller's type may act on every client. Any other type may act on its own client only. */
  seesAllClients(caller: Caller): boolean
  /**
   * Checks the whole rule in the order of the contract: valid token, scope, client.
   * @param scope null: the operation needs none
   * @param clientId null: the operation acts on no single client
   * @param adminOnly whether the caller's type must be one that may act on every client
   * @returns the caller, which is not null
   * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
   */
  authorize(call: Pick<Call, 'caller'>, scope: Scope | null, clientId: string | null, adminOnly?: boolean): Caller
}

export interface PolicyOptions {
  /** Client types that may act on every client (`ADMIN_CLIENT_TYPES`). */
  readonly adminClientTypes: readonly string[]
  /** Called once for each client type that is neither an admin type nor a known own-client type. */
  readonly onUnlistedType?: (clientType: string) => void
}

/** Makes the policy. Its only side effect is `onUnlistedType`. */
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

  return {
    hasScope,
    seesAllClients,
    authorize({ caller }, scope, clientId, adminOnly = false) {
      if (caller === null) throw new GatewayError('accessDenied')
      if (scope !== null && !hasScope(caller, scope))
        throw new GatewayError('invalidScopes', { missingScopes: [scope] })
      // Asked about the own client, too, so that the policy logs each unlisted type.
      const isLimited = (adminOnly || clientId !== null) && !seesAllClients(caller)
      if (isLimited && (adminOnly || clientId !== caller.clientId)) throw new GatewayError('forbidden')
      // Checked last, so that 401 and 403 do not depend on the registry.
      if (caller.statusUnknown !== undefined) throw caller.statusUnknown
      return caller
    },
  }
}
