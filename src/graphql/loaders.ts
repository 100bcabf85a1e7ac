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
 * The reads of nested fields. A loader gathers the reads of all parents of a result: 100 clients cost as many
 * statements as one client. Each read has the permit of its parent.
 */
export interface Loaders {
  connectionsOf(input: ListClientConnectionsInput, permit: Permit): Promise<Page<Connection> | null>
  latestChangeOf(of: ChangedConnection): Promise<ConnectionChange | null>
  changesOf(page: PageArguments, of: ChangedConnection): Promise<Page<ConnectionChange>>
  clientAt(end: ConnectionEnd): Promise<ClientReference | null>
  deliveriesOf(input: ListEventDeliveriesInput, of: DeliveriesOf): Promise<Page<EventDelivery>>
}

/**
 * Makes one loader for each distinct set of arguments at its first use, because most requests use none. An error in
 * the place of a value refuses this value alone.
 */
function byArguments<Arguments, Key, Value>(
  load: (given: Arguments, keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
) {
  const loaders = new Map<string, DataLoader<Key, Value>>()
  return (given: Arguments, key: Key): Promise<Value> => {
    const name = JSON.stringify(given)
    let loader = loaders.get(name)
    if (loader === undefined) {
      loader = new DataLoader((keys) => load(given, keys), { cache: false })
      loaders.set(name, loader)
    }
    return loader.load(key)
  }
}

/** Makes the loaders of one request. No other request may see their results. */
export function createLoaders(operations: Operations): Loaders {
  const connections = byArguments((input: ListClientConnectionsInput, permits: readonly Permit[]) =>
    operations.listClientConnections.run(permits, input),
  )
  const changes = byArguments((page: PageArguments, of: readonly ChangedConnection[]) =>
    operations.listConnectionChanges.run(of, page),
  )
  const latest = byArguments((_none: null, of: readonly ChangedConnection[]) => operations.readLatestChange.run(of))
  const ends = byArguments((_none: null, of: readonly ConnectionEnd[]) => operations.readConnectionClient.run(of))
  const deliveries = byArguments<ListEventDeliveriesInput, DeliveriesOf, Page<EventDelivery>>((input, of) =>
    operations.listEventDeliveries.run(of, input),
  )
  return {
    connectionsOf: connections,
    latestChangeOf: (of) => latest(null, of),
    changesOf: changes,
    clientAt: (end) => ends(null, end),
    deliveriesOf: deliveries,
  }
}
