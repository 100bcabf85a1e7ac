import type { ConnectionStore } from './connection.ts'
import type { ConnectionUpdateParser } from './connection-update.ts'
import type { Policy } from './policy.ts'
import { createReadClientConnection, type ReadClientConnection } from './read-client-connection.ts'
import { createUpdateClientConnection, type UpdateClientConnection } from './update-client-connection.ts'

/** Everything the gateway can do. Both doors call these functions and nothing else. */
export interface Operations {
  readonly readClientConnection: ReadClientConnection
  readonly updateClientConnection: UpdateClientConnection
}

export interface OperationsDeps {
  readonly policy: Policy
  readonly parseConnectionUpdate: ConnectionUpdateParser
  readonly connections: ConnectionStore
}

/** Builds every operation from the same policy, validator and store. */
export function createOperations(deps: OperationsDeps): Operations {
  return { readClientConnection: createReadClientConnection(deps), updateClientConnection: createUpdateClientConnection(deps) }
}
