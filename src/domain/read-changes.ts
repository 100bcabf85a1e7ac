import type { Call } from './call.ts'
import type { Connection, ConnectionKey } from './connection.ts'
import type { ChangeKind, ConnectionChange, ConnectionHistory } from './connection-change.ts'
import { GatewayError } from './errors.ts'
import { ListArguments, type OptionalArgument, type PageArguments, present } from './list-arguments.ts'
import { emptyPage, type Page, type PageRequest } from './page.ts'
import type { Permit, Permits } from './permit.ts'
import { isUuid } from './uuid.ts'

export interface ReadChangesDeps {
  readonly permits: Permits
  readonly history: Pick<ConnectionHistory, 'latest' | 'pagesOf' | 'pageOfClient'>
}

/** A connection whose history an operation reads. */
export interface ChangedConnection {
  /** A permit on the client of the connection. */
  readonly permit: Permit
  readonly connection: Pick<Connection, 'id' | 'clientId'>
}

/** The latest change of each connection. */
export interface ReadLatestChange {
  permit(call: Call, subject: { readonly clientId: string }): Permit | Promise<Permit>
  /** In the order of the connections. null: the connection has no change. */
  run(of: readonly ChangedConnection[]): Promise<readonly (ConnectionChange | null)[]>
}

/** A page of each connection's history, newest first. */
export interface ListConnectionChanges {
  permit(call: Call, subject: { readonly clientId: string }): Permit | Promise<Permit>
  /** In the order of the connections. */
  run(of: readonly ChangedConnection[], page: PageArguments): Promise<readonly Page<ConnectionChange>[]>
  /** Throws the refusal that `run` would throw for the arguments. */
  check(page: PageArguments): void
}

export interface ListClientChangesInput {
  readonly filter: { readonly connectionId?: OptionalArgument<string>; readonly kind?: OptionalArgument<ChangeKind> }
  readonly page: PageArguments
}

/** The history of all connections of a client, deleted ones included, newest first. */
export interface ListClientChanges {
  permit(call: Call, subject: { readonly clientId: string }): Permit | Promise<Permit>
  run(permit: Permit, input: ListClientChangesInput): Promise<Page<ConnectionChange>>
}

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable` */
async function confirmedKeys(
  permits: Permits,
  operation: 'readLatestChange' | 'listConnectionChanges',
  of: readonly ChangedConnection[],
): Promise<readonly ConnectionKey[]> {
  const keys: ConnectionKey[] = []
  for (const { permit, connection } of of) {
    const { clientId } = await permits.confirm(permit, operation)
    if (clientId !== connection.clientId) throw new GatewayError('forbidden')
    keys.push({ clientId, connectionId: connection.id })
  }
  return keys
}

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable` */
export function createReadLatestChange({ permits, history }: ReadChangesDeps): ReadLatestChange {
  return {
    permit: (call, subject) => permits.give(call, 'readLatestChange', subject),
    async run(of) {
      return history.latest(await confirmedKeys(permits, 'readLatestChange', of))
    },
  }
}

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `validationFailed` or `unavailable` */
export function createListConnectionChanges({ permits, history }: ReadChangesDeps): ListConnectionChanges {
  function requestOf(page: PageArguments): PageRequest {
    const list = new ListArguments()
    const request = list.page(page, 'number')
    list.done()
    return request
  }

  return {
    permit: (call, subject) => permits.give(call, 'listConnectionChanges', subject),
    check: requestOf,
    async run(of, page) {
      const keys = await confirmedKeys(permits, 'listConnectionChanges', of)
      const request = requestOf(page)
      const pages = await history.pagesOf(keys, request)
      return of.map((_, index) => pages[index] ?? emptyPage(request))
    },
  }
}

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `validationFailed` or `unavailable` */
export function createListClientChanges({ permits, history }: ReadChangesDeps): ListClientChanges {
  return {
    permit: (call, subject) => permits.give(call, 'listClientChanges', subject),
    async run(permit, { filter, page }) {
      const { clientId } = await permits.confirm(permit, 'listClientChanges')
      const list = new ListArguments()
      list.uuid('connectionId', filter.connectionId)
      const request = list.page(page, 'number')
      list.done()
      return isUuid(clientId) ? history.pageOfClient(clientId, present(filter), request) : emptyPage(request)
    },
  }
}
