import DataLoader from 'dataloader'
import type { CursorArguments } from '../domain/arguments.ts'
import type { Call } from '../domain/caller.ts'
import type { ClientReference } from '../domain/client.ts'
import type { Connection, ConnectionChange, ConnectionFilter } from '../domain/connection.ts'
import type { Operations } from '../domain/operations.ts'
import type { Page } from '../domain/page.ts'

/** Arguments of a nested list. The same ones on many parents make one statement. */
export interface NestedList extends CursorArguments {
  readonly withTotal: boolean
}

/**
 * What nested fields read, gathered over all parents of a result: a page of 100 clients costs as many statements as a
 * page of one.
 */
export interface Loaders {
  connectionsOf(clientId: string, filter: ConnectionFilter, list: NestedList): Promise<Page<Connection> | null>
  latestChangeOf(connection: Connection): Promise<ConnectionChange | null>
  changesOf(connection: Connection, list: NestedList): Promise<Page<ConnectionChange>>
  referenceOf(clientId: string): Promise<ClientReference | null>
}

/** One loader for each distinct set of arguments, made when it is first asked: most requests ask none. */
function byArguments<Arguments, Key, Value>(
  load: (given: Arguments, keys: readonly Key[]) => Promise<readonly Value[]>,
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

/** Loaders for one request: what they gather belongs to its caller. */
export function createLoaders(operations: Operations, call: Call): Loaders {
  const connections = byArguments(
    ({ filter, withTotal, ...list }: NestedList & { filter: ConnectionFilter }, clientIds: readonly string[]) =>
      operations.listConnections(call, {
        clientIds,
        select: (checks) => ({ filter, page: checks.cursorPage(list, 'time', withTotal) }),
      }),
  )
  const changes = byArguments(({ withTotal, ...list }: NestedList, of: readonly Connection[]) =>
    operations.listChanges(call, { connections: of, page: (checks) => checks.cursorPage(list, 'number', withTotal) }),
  )
  const latest = byArguments((_none: null, of: readonly Connection[]) => operations.readLatestChanges(call, of))
  const references = byArguments((_none: null, ids: readonly string[]) => operations.readClientReferences(call, ids))
  return {
    connectionsOf: (clientId, filter, list) => connections({ ...list, filter }, clientId),
    latestChangeOf: (connection) => latest(null, connection),
    changesOf: (connection, list) => changes(list, connection),
    referenceOf: (clientId) => references(null, clientId),
  }
}
