import { type CheckRedirectUri, createCheckRedirectUri } from './check-redirect-uri.ts'
import type { ClientStore } from './client.ts'
import type { ConnectionHistory, ConnectionStore } from './connection.ts'
import { createDeleteClientConnection, type DeleteClientConnection } from './delete-client-connection.ts'
import type { Policy } from './policy.ts'
import {
  createListClients,
  createReadClient,
  createReadClientReferences,
  type ListClients,
  type ReadClient,
  type ReadClientReferences,
} from './read-clients.ts'
import {
  createListChanges,
  createListConnections,
  createReadClientConnection,
  createReadLatestChanges,
  type ListChanges,
  type ListConnections,
  type ReadClientConnection,
  type ReadLatestChanges,
} from './read-connections.ts'
import { createRefreshConnectionSecret, type RefreshConnectionSecret } from './refresh-connection-secret.ts'
import { createRevertClientConnection, type RevertClientConnection } from './revert-client-connection.ts'
import { createUpdateClientConnection, type UpdateClientConnection } from './update-client-connection.ts'
import type { ConnectionUpdateParser } from './update-request-schema.ts'
import { createAuthorizeWrite, type WriteLimit } from './write-limit.ts'

/** Everything the gateway can do. Both doors call these functions and nothing else. */
export interface Operations {
  readonly readClient: ReadClient
  readonly listClients: ListClients
  readonly readClientReferences: ReadClientReferences
  readonly readClientConnection: ReadClientConnection
  readonly listConnections: ListConnections
  readonly readLatestChanges: ReadLatestChanges
  readonly listChanges: ListChanges
  readonly checkRedirectUri: CheckRedirectUri
  readonly updateClientConnection: UpdateClientConnection
  readonly revertClientConnection: RevertClientConnection
  readonly refreshConnectionSecret: RefreshConnectionSecret
  readonly deleteClientConnection: DeleteClientConnection
}

export interface OperationsDeps {
  readonly policy: Policy
  /** null: no limit. */
  readonly writeLimit: WriteLimit | null
  readonly parseConnectionUpdate: ConnectionUpdateParser
  readonly clients: ClientStore
  readonly connections: ConnectionStore
  readonly history: ConnectionHistory
}

/** Builds every operation from the same policy, limit, validator and stores. */
export function createOperations(deps: OperationsDeps): Operations {
  const writing = { ...deps, authorizeWrite: createAuthorizeWrite(deps) }
  return {
    readClient: createReadClient(deps),
    listClients: createListClients(deps),
    readClientReferences: createReadClientReferences(deps),
    readClientConnection: createReadClientConnection(deps),
    listConnections: createListConnections(deps),
    readLatestChanges: createReadLatestChanges(deps),
    listChanges: createListChanges(deps),
    checkRedirectUri: createCheckRedirectUri(deps),
    updateClientConnection: createUpdateClientConnection(writing),
    revertClientConnection: createRevertClientConnection(writing),
    refreshConnectionSecret: createRefreshConnectionSecret(writing),
    deleteClientConnection: createDeleteClientConnection(writing),
  }
}
