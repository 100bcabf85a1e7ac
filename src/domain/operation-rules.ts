/** The scope words of the platform (specification, "Scope"; `docs/platform.md` §1). */
export type Scope =
  | 'client:read'
  | 'connection:read'
  | 'connection:write'
  | 'connection:refresh_secret'
  | 'connection:delete'
  | 'event:manage'

interface OperationRule {
  /** null: the operation needs a valid token and no scope. */
  readonly scope: Scope | null
  /** Whether the operation acts on one client. A caller without an admin type may then name its own client only. */
  readonly ofClient: boolean
  /**
   * Whether the operation acts on one subscription. The subscription of another client then does not exist for a caller
   * without an admin type.
   */
  readonly ofSubscription: boolean
  /** Whether only callers of an admin type may run the operation, because it reads the connections of many clients. */
  readonly adminOnly: boolean
  /** Whether the operation counts as a write of the caller. */
  readonly isWrite: boolean
}

const reading = <Needed extends Scope | null>(scope: Needed, { ofClient = true, adminOnly = false } = {}) => ({
  scope,
  ofClient,
  ofSubscription: false,
  adminOnly,
  isWrite: false,
})
const writing = <Needed extends Scope>(scope: Needed) => ({
  scope,
  ofClient: true,
  ofSubscription: false,
  adminOnly: false,
  isWrite: true,
})
const ofSubscription = (isWrite: boolean) => ({
  scope: 'event:manage' as const,
  ofClient: false,
  ofSubscription: true,
  adminOnly: false,
  isWrite,
})

/**
 * The access rule of every operation, by the operation's one name. Both doors, log, metrics and OpenAPI use these
 * names. Guards, descriptions and routes read these rules.
 */
export const operationRules = {
  readViewer: reading(null, { ofClient: false }),
  readClient: reading('client:read'),
  listClients: reading('client:read', { ofClient: false }),
  readClientConnection: reading('connection:read'),
  listClientConnections: reading('connection:read'),
  listConsumerConnections: reading('connection:read', { ofClient: false, adminOnly: true }),
  readConnectionClient: reading('connection:read'),
  readLatestChange: reading('connection:read'),
  listConnectionChanges: reading('connection:read'),
  listClientChanges: reading('connection:read'),
  checkRedirectUri: reading('connection:write'),
  updateClientConnection: writing('connection:write'),
  revertClientConnection: writing('connection:write'),
  refreshClientConnectionSecret: writing('connection:refresh_secret'),
  deleteClientConnection: writing('connection:delete'),
  listEventSubscriptions: reading('event:manage'),
  readEventSubscription: ofSubscription(false),
  listEventDeliveries: ofSubscription(false),
  createEventSubscription: writing('event:manage'),
  verifyEventSubscription: ofSubscription(true),
  rotateEventSubscriptionKey: ofSubscription(true),
  pauseEventSubscription: ofSubscription(true),
  resumeEventSubscription: ofSubscription(true),
  deleteEventSubscription: ofSubscription(true),
  replayEvents: ofSubscription(true),
  receiveEvents: ofSubscription(false),
  // It changes nothing that others see, and follows each poll, so it does not count as a write.
  acknowledgeEvents: ofSubscription(false),
} as const satisfies Record<string, OperationRule>

export type OperationName = keyof typeof operationRules
