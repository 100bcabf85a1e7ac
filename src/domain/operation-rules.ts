/** The scope words of the platform (specification, "Scope"; `docs/platform.md` §1). */
export type Scope =
  | 'client:read'
  | 'connection:read'
  | 'connection:write'
  | 'connection:refresh_secret'
  | 'connection:delete'

interface OperationRule {
  /** null: a valid token is enough. */
  readonly scope: Scope | null
  /** Whether the operation acts on one client, which must then be the caller's own unless its type is an admin type. */
  readonly ofClient: boolean
  /** Whether it counts as a write of the caller. */
  readonly isWrite: boolean
}

const reading = <Needed extends Scope | null>(scope: Needed, { ofClient = true } = {}) => ({
  scope,
  ofClient,
  isWrite: false,
})
const writing = <Needed extends Scope>(scope: Needed) => ({ scope, ofClient: true, isWrite: true })

/**
 * Every operation by its one name, with the rule of who may run it. Both doors, log, metrics and OpenAPI use these names;
 * guards, descriptions and routes read these rules.
 */
export const operationRules = {
  readViewer: reading(null, { ofClient: false }),
  readClient: reading('client:read'),
  listClients: reading('client:read', { ofClient: false }),
  readClientConnection: reading('connection:read'),
  listClientConnections: reading('connection:read'),
  readConnectionClient: reading('connection:read'),
  readLatestChange: reading('connection:read'),
  listConnectionChanges: reading('connection:read'),
  listClientChanges: reading('connection:read'),
  checkRedirectUri: reading('connection:write'),
  updateClientConnection: writing('connection:write'),
  revertClientConnection: writing('connection:write'),
  refreshClientConnectionSecret: writing('connection:refresh_secret'),
  deleteClientConnection: writing('connection:delete'),
} as const satisfies Record<string, OperationRule>

export type OperationName = keyof typeof operationRules
