import type { Call } from './call.ts'
import type { Caller } from './caller.ts'
import type { Client, ClientOrder, ClientReference, ClientStore } from './client.ts'
import type { Connection } from './connection.ts'
import { GatewayError } from './errors.ts'
import { ListArguments, type OptionalArgument, type PageArguments, present } from './list-arguments.ts'
import type { Page } from './page.ts'
import type { Permit, Permits } from './permit.ts'
import type { Policy } from './policy.ts'
import { isUuid } from './uuid.ts'

export interface ReadClientsDeps {
  readonly permits: Permits
  readonly policy: Policy
  readonly clients: ClientStore
}

/** Reads the facts about the caller. Needs no scope. */
export interface ReadViewer {
  permit(call: Call): Permit | Promise<Permit>
  run(permit: Permit): Promise<Caller>
}

/** @throws GatewayError `accessDenied` or `unavailable` */
export function createReadViewer({ permits }: Pick<ReadClientsDeps, 'permits'>): ReadViewer {
  return {
    permit: (call) => permits.give(call, 'readViewer'),
    async run(permit) {
      return (await permits.confirm(permit, 'readViewer')).caller
    },
  }
}

/** One client. null: it does not exist. */
export interface ReadClient {
  permit(call: Call, subject: { readonly clientId: string }): Permit | Promise<Permit>
  run(permit: Permit): Promise<Client | null>
  /** The same for an answer that needs the id only. The registry has confirmed the caller's own client already. */
  runForId(permit: Permit): Promise<Pick<Client, 'id'> | null>
}

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable` */
export function createReadClient({ permits, clients }: ReadClientsDeps): ReadClient {
  const find = (id: string) => (isUuid(id) ? clients.find(id) : null)
  return {
    permit: (call, subject) => permits.give(call, 'readClient', subject),
    async run(permit) {
      return find((await permits.confirm(permit, 'readClient')).clientId)
    },
    async runForId(permit) {
      const { clientId, caller } = await permits.confirm(permit, 'readClient')
      return clientId === caller.clientId && !caller.isUnregistered ? { id: clientId } : find(clientId)
    },
  }
}

export interface ListClientsInput {
  readonly filter: {
    readonly id?: OptionalArgument<string>
    readonly userId?: OptionalArgument<string>
    readonly nameContains?: OptionalArgument<string>
    /** A boolean. A value of another type is a violation. */
    readonly isBlocked?: unknown
    readonly connectionId?: OptionalArgument<string>
  }
  readonly order: ClientOrder
  readonly page: PageArguments
}

/** The clients that a caller may see. */
export interface ListClients {
  permit(call: Call): Permit | Promise<Permit>
  run(permit: Permit, input: ListClientsInput): Promise<Page<Client>>
}

/**
 * A caller without an admin type gets only its own client, with any filter (`docs/platform.md` §2).
 * @throws GatewayError `accessDenied`, `invalidScopes`, `validationFailed` or `unavailable`
 */
export function createListClients({ permits, policy, clients }: ReadClientsDeps): ListClients {
  return {
    permit: (call) => permits.give(call, 'listClients'),
    async run(permit, { filter, order, page }) {
      const { caller } = await permits.confirm(permit, 'listClients')
      const list = new ListArguments()
      list.uuid('id', filter.id)
      list.uuid('userId', filter.userId)
      list.text('nameContains', filter.nameContains)
      list.boolean('isBlocked', filter.isBlocked)
      list.uuid('connectionId', filter.connectionId)
      const request = list.page(page, 'time')
      list.done()
      const { isBlocked, ...texts } = filter
      const chosen = { ...present(texts), ...(typeof isBlocked === 'boolean' && { isBlocked }) }
      return clients.page(policy.seesAllClients(caller) ? chosen : { id: caller.clientId }, order, request)
    },
  }
}

/** The client or the consumer of a connection. */
export interface ConnectionEnd {
  /** A permit on the client of the connection. */
  readonly permit: Permit
  readonly connection: Pick<Connection, 'clientId' | 'consumerId'>
  readonly end: 'client' | 'consumer'
}

/** The clients and consumers of connections that the caller may read. */
export interface ReadConnectionClient {
  permit(call: Call, subject: { readonly clientId: string }): Permit | Promise<Permit>
  /** In the order of the ends. null: the client does not exist. */
  run(ends: readonly ConnectionEnd[]): Promise<readonly (ClientReference | null)[]>
}

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable` */
export function createReadConnectionClient({ permits, clients }: ReadClientsDeps): ReadConnectionClient {
  return {
    permit: (call, subject) => permits.give(call, 'readConnectionClient', subject),
    async run(ends) {
      for (const { permit, connection } of ends) {
        const { clientId } = await permits.confirm(permit, 'readConnectionClient')
        if (clientId !== connection.clientId) throw new GatewayError('forbidden')
      }
      return clients.references(ends.map(({ connection, end }) => connection[`${end}Id`]))
    },
  }
}
