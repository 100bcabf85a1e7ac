import { ArgumentChecks } from './arguments.ts'
import type { Call } from './caller.ts'
import type { Client, ClientFilter, ClientOrder, ClientReference, ClientStore } from './client.ts'
import type { Page, PageRequest } from './page.ts'
import { type Policy, requiredScope } from './policy.ts'
import { isUuid } from './uuid.ts'

export interface ReadClientsDeps {
  readonly policy: Policy
  readonly clients: ClientStore
}

/** One client; null when there is none. */
export type ReadClient = (call: Call, input: { readonly clientId: string }) => Promise<Client | null>

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable` */
export function createReadClient({ policy, clients }: ReadClientsDeps): ReadClient {
  return async (call, { clientId }) => {
    policy.authorize(call, requiredScope.readClient, clientId)
    return isUuid(clientId) ? clients.find(clientId) : null
  }
}

export interface ListClientsInput {
  readonly order: ClientOrder
  /** Asked for only after the caller has been authorized; may report what is wrong with the arguments. */
  readonly select: (checks: ArgumentChecks) => { readonly filter: ClientFilter; readonly page: PageRequest }
}

/** The clients that a caller may see. */
export type ListClients = (call: Call, input: ListClientsInput) => Promise<Page<Client>>

/**
 * Callers that may see one client only always get exactly their own, whatever the filter (`docs/platform.md` §2).
 * @throws GatewayError `accessDenied`, `invalidScopes`, `validationFailed` or `unavailable`
 */
export function createListClients({ policy, clients }: ReadClientsDeps): ListClients {
  return async (call, { order, select }) => {
    const { caller } = policy.authorizeScope(call, requiredScope.readClient)
    const checks = new ArgumentChecks()
    const { filter, page } = select(checks)
    checks.uuid('id', filter.id)
    checks.uuid('user_id', filter.userId)
    checks.text('name', filter.nameContains)
    checks.done()
    return clients.page(policy.seesAllClients(caller) ? filter : { id: caller.clientId }, order, page)
  }
}

/** Ids and names of the clients at the ends of connections that the caller has been shown. */
export type ReadClientReferences = (call: Call, ids: readonly string[]) => Promise<readonly (ClientReference | null)[]>

/** @throws GatewayError `accessDenied`, `invalidScopes` or `unavailable` */
export function createReadClientReferences({ policy, clients }: ReadClientsDeps): ReadClientReferences {
  return async (call, ids) => {
    policy.authorizeScope(call, requiredScope.readConnection)
    return clients.references(ids)
  }
}
