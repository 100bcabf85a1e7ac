import DataLoader from 'dataloader'
import type { ClientReference } from '../domain/client.ts'
import type { Connection } from '../domain/connection.ts'
import type { ConnectionChange } from '../domain/connection-change.ts'
import type { EventDelivery } from '../domain/event-subscription-store.ts'
import type { PageArguments } from '../domain/list-arguments.ts'
import type { Operations } from '../domain/operations.ts'
import type { Page } from '../domain/page.ts'
import type { Permit } from '../domain/permit.ts'
import type { ChangedConnection } from '../domain/read-changes.ts'
import type { ConnectionEnd } from '../domain/read-clients.ts'
import type { ListClientConnectionsInput } from '../domain/read-connections.ts'
import type { DeliveriesOf, ListEventDeliveriesInput } from '../domain/read-event-subscriptions.ts'

/**
 * The reads of nested fields in one request. A loader gathers the reads of all parents of a result: 100 clients cost as
 * many statements as one client. Each read has the permit of its parent. No other request may see the results.
 */
export class RequestLoaders {
  readonly #operations: Operations
  /** By the name of the read and its arguments. Most requests use none. */
  #loaders: Map<string, DataLoader<unknown, unknown>> | undefined

  constructor(operations: Operations) {
    this.#operations = operations
  }

  connectionsOf(input: ListClientConnectionsInput, of: Permit): Promise<Page<Connection> | null> {
    return this.#load('connections', input, of, (permits) => this.#operations.listClientConnections.run(permits, input))
  }

  latestChangeOf(of: ChangedConnection): Promise<ConnectionChange | null> {
    return this.#load('latest', null, of, (all) => this.#operations.readLatestChange.run(all))
  }

  changesOf(page: PageArguments, of: ChangedConnection): Promise<Page<ConnectionChange>> {
    return this.#load('changes', page, of, (all) => this.#operations.listConnectionChanges.run(all, page))
  }

  clientAt(end: ConnectionEnd): Promise<ClientReference | null> {
    return this.#load('client', null, end, (all) => this.#operations.readConnectionClient.run(all))
  }

  deliveriesOf(input: ListEventDeliveriesInput, of: DeliveriesOf): Promise<Page<EventDelivery>> {
    return this.#load<DeliveriesOf, Page<EventDelivery>>('deliveries', input, of, (all) =>
      this.#operations.listEventDeliveries.run(all, input),
    )
  }

  /** An error in the place of a value refuses this value alone. */
  #load<Key, Value>(
    read: string,
    given: object | null,
    key: Key,
    load: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  ): Promise<Value> {
    this.#loaders ??= new Map()
    const name = `${read} ${JSON.stringify(given)}`
    let loader = this.#loaders.get(name) as DataLoader<Key, Value> | undefined // the read decides the types
    if (loader === undefined) {
      loader = new DataLoader(load, { cache: false })
      this.#loaders.set(name, loader as DataLoader<unknown, unknown>)
    }
    return loader.load(key)
  }
}
