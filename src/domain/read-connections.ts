import type { Call } from './call.ts'
import type { Connection, ConnectionKey, ConnectionStore } from './connection.ts'
import { ListArguments, type OptionalArgument, type PageArguments, present } from './list-arguments.ts'
import type { Page } from './page.ts'
import type { Permit, Permits } from './permit.ts'
import { isUuid } from './uuid.ts'

export interface ReadConnectionsDeps {
  readonly permits: Permits
  readonly connections: Pick<ConnectionStore, 'find' | 'pagesOf'>
}

/** One connection of a client. null: the client has no such connection. */
export interface ReadClientConnection {
  permit(call: Call, key: ConnectionKey): Permit | Promise<Permit>
  run(permit: Permit): Promise<Connection | null>
}

/**
 * Reading has the ownership rule of writing and a scope of its own.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
 */
export function createReadClientConnection({ permits, connections }: ReadConnectionsDeps): ReadClientConnection {
  return {
    permit: (call, key) => permits.give(call, 'readClientConnection', key),
    async run(permit) {
      const { clientId, connectionId } = await permits.confirm(permit, 'readClientConnection')
      return isUuid(clientId) && isUuid(connectionId) ? connections.find({ clientId, connectionId }) : null
    },
  }
}

export interface ListClientConnectionsInput {
  readonly filter: {
    readonly consumerId?: OptionalArgument<string>
    readonly redirectUriContains?: OptionalArgument<string>
  }
  readonly page: PageArguments
}

/** A page of each client's connections. */
export interface ListClientConnections {
  permit(call: Call, subject: { readonly clientId: string }): Permit | Promise<Permit>
  /** One page for each permit, in their order. null: the client does not exist. */
  run(permits: readonly Permit[], input: ListClientConnectionsInput): Promise<readonly (Page<Connection> | null)[]>
}

/**
 * Reads the connections of many clients in one statement, so that a page of clients does not cost one for each.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` (for any of the clients), `validationFailed` or
 *   `unavailable`
 */
export function createListClientConnections({ permits, connections }: ReadConnectionsDeps): ListClientConnections {
  return {
    permit: (call, subject) => permits.give(call, 'listClientConnections', subject),
    async run(given, { filter, page }) {
      const clientIds: string[] = []
      for (const permit of given) clientIds.push((await permits.confirm(permit, 'listClientConnections')).clientId)
      const list = new ListArguments()
      list.uuid('consumerId', filter.consumerId)
      list.text('redirectUriContains', filter.redirectUriContains)
      const request = list.page(page, 'time')
      list.done()
      const known = clientIds.filter(isUuid)
      const pages = known.length === 0 ? [] : await connections.pagesOf(known, present(filter), request)
      const pageOf = new Map(known.map((clientId, index) => [clientId, pages[index] ?? null]))
      return clientIds.map((clientId) => pageOf.get(clientId) ?? null)
    },
  }
}
