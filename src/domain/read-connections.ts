import { ArgumentChecks } from './arguments.ts'
import type { Call } from './caller.ts'
import type {
  Connection,
  ConnectionChange,
  ConnectionFilter,
  ConnectionHistory,
  ConnectionKey,
  ConnectionStore,
} from './connection.ts'
import { emptyPage, type Page, type PageRequest } from './page.ts'
import { type Policy, requiredScope } from './policy.ts'
import { isUuid } from './uuid.ts'

export interface ReadConnectionsDeps {
  readonly policy: Policy
  readonly connections: Pick<ConnectionStore, 'find' | 'pagesOf'>
  readonly history: Pick<ConnectionHistory, 'latest' | 'pagesOf'>
}

/** A client's connection; null when that client has no such connection. */
export type ReadClientConnection = (call: Call, input: ConnectionKey) => Promise<Connection | null>

/**
 * Reading follows the ownership rule of writing, under its own scope.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
 */
export function createReadClientConnection({ policy, connections }: ReadConnectionsDeps): ReadClientConnection {
  return async (call, { clientId, connectionId }) => {
    policy.authorize(call, requiredScope.readConnection, clientId)
    return isUuid(clientId) && isUuid(connectionId) ? connections.find({ clientId, connectionId }) : null
  }
}

export interface ListConnectionsInput {
  readonly clientIds: readonly string[]
  /** Asked for only after the caller has been authorized; may report what is wrong with the arguments. */
  readonly select: (checks: ArgumentChecks) => { readonly filter: ConnectionFilter; readonly page: PageRequest }
}

/** A page of each client's connections, in the order of the clients; null for a client that does not exist. */
export type ListConnections = (call: Call, input: ListConnectionsInput) => Promise<readonly (Page<Connection> | null)[]>

/**
 * For many clients at once, so that a page of clients costs one statement more and not one for each.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` (for any of the clients), `validationFailed` or
 *   `unavailable`
 */
export function createListConnections({ policy, connections }: ReadConnectionsDeps): ListConnections {
  return async (call, { clientIds, select }) => {
    for (const clientId of clientIds) policy.authorize(call, requiredScope.readConnection, clientId)
    const checks = new ArgumentChecks()
    const { filter, page } = select(checks)
    checks.uuid('consumer_id', filter.consumerId)
    checks.text('redirect_uri', filter.redirectUriContains)
    checks.done()
    const known = clientIds.filter(isUuid)
    const pages = known.length === 0 ? [] : await connections.pagesOf(known, filter, page)
    const pageOf = new Map(known.map((clientId, index) => [clientId, pages[index] ?? null]))
    return clientIds.map((clientId) => pageOf.get(clientId) ?? null)
  }
}

/** What of a connection its history is looked up by. */
type Subject = Pick<Connection, 'id' | 'clientId'>
const keyOf = ({ id, clientId }: Subject): ConnectionKey => ({ clientId, connectionId: id })

/** The latest change of each connection, in their order; null where there is none. */
export type ReadLatestChanges = (
  call: Call,
  connections: readonly Subject[],
) => Promise<readonly (ConnectionChange | null)[]>

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable` */
export function createReadLatestChanges({ policy, history }: ReadConnectionsDeps): ReadLatestChanges {
  return async (call, connections) => {
    for (const { clientId } of connections) policy.authorize(call, requiredScope.readConnection, clientId)
    return history.latest(connections.map(keyOf))
  }
}

export interface ListChangesInput {
  readonly connections: readonly Subject[]
  readonly page: (checks: ArgumentChecks) => PageRequest
}

/** A page of each connection's history, newest first, in the order of the connections. */
export type ListChanges = (call: Call, input: ListChangesInput) => Promise<readonly Page<ConnectionChange>[]>

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `validationFailed` or `unavailable` */
export function createListChanges({ policy, history }: ReadConnectionsDeps): ListChanges {
  return async (call, { connections, page }) => {
    for (const { clientId } of connections) policy.authorize(call, requiredScope.readConnection, clientId)
    const checks = new ArgumentChecks()
    const request = page(checks)
    checks.done()
    const pages = await history.pagesOf(connections.map(keyOf), request)
    return connections.map((_, index) => pages[index] ?? emptyPage(request))
  }
}
