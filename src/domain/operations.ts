import {
  createDeleteEventSubscription,
  createPauseEventSubscription,
  createResumeEventSubscription,
  createRotateEventSubscriptionKey,
  createVerifyEventSubscription,
  type DeleteEventSubscription,
  type PauseEventSubscription,
  type ResumeEventSubscription,
  type RotateEventSubscriptionKey,
  type VerifyEventSubscription,
} from './change-event-subscription.ts'
import { type CheckRedirectUri, createCheckRedirectUri } from './check-redirect-uri.ts'
import type { ClientStore } from './client.ts'
import type { ConnectionStore } from './connection.ts'
import type { ConnectionHistory } from './connection-change.ts'
import { type CreateEventSubscription, createCreateEventSubscription } from './create-event-subscription.ts'
import { createDeleteClientConnection, type DeleteClientConnection } from './delete-client-connection.ts'
import type { OperationName } from './operation-rules.ts'
import type { EventParts } from './owned-subscription.ts'
import type { Permits } from './permit.ts'
import type { Policy } from './policy.ts'
import {
  createListClientChanges,
  createListConnectionChanges,
  createReadLatestChange,
  type ListClientChanges,
  type ListConnectionChanges,
  type ReadLatestChange,
} from './read-changes.ts'
import {
  createListClients,
  createReadClient,
  createReadConnectionClient,
  createReadViewer,
  type ListClients,
  type ReadClient,
  type ReadConnectionClient,
  type ReadViewer,
} from './read-clients.ts'
import {
  createListClientConnections,
  createReadClientConnection,
  type ListClientConnections,
  type ReadClientConnection,
} from './read-connections.ts'
import { createListConsumerConnections, type ListConsumerConnections } from './read-consumer-connections.ts'
import {
  createListEventDeliveries,
  createListEventSubscriptions,
  createReadEventSubscription,
  type ListEventDeliveries,
  type ListEventSubscriptions,
  type ReadEventSubscription,
} from './read-event-subscriptions.ts'
import {
  type AcknowledgeEvents,
  createAcknowledgeEvents,
  createReceiveEvents,
  type ReceiveEvents,
} from './receive-events.ts'
import type { RedirectUriParser } from './redirect-uri-parser.ts'
import {
  createRefreshClientConnectionSecret,
  type RefreshClientConnectionSecret,
} from './refresh-client-connection-secret.ts'
import { createReplayEvents, type ReplayEvents } from './replay-events.ts'
import { createRevertClientConnection, type RevertClientConnection } from './revert-client-connection.ts'
import { createUpdateClientConnection, type UpdateClientConnection } from './update-client-connection.ts'
import type { ChangeObserver } from './write-outcome.ts'

/**
 * All operations of the gateway. Both doors call only these functions. A door first calls `permit`, which needs only
 * the head of a request. It then calls `run` with that permit.
 */
export interface Operations {
  readonly readViewer: ReadViewer
  readonly readClient: ReadClient
  readonly listClients: ListClients
  readonly readClientConnection: ReadClientConnection
  readonly listClientConnections: ListClientConnections
  readonly listConsumerConnections: ListConsumerConnections
  readonly readConnectionClient: ReadConnectionClient
  readonly readLatestChange: ReadLatestChange
  readonly listConnectionChanges: ListConnectionChanges
  readonly listClientChanges: ListClientChanges
  readonly checkRedirectUri: CheckRedirectUri
  readonly updateClientConnection: UpdateClientConnection
  readonly revertClientConnection: RevertClientConnection
  readonly refreshClientConnectionSecret: RefreshClientConnectionSecret
  readonly deleteClientConnection: DeleteClientConnection
  readonly listEventSubscriptions: ListEventSubscriptions
  readonly readEventSubscription: ReadEventSubscription
  readonly listEventDeliveries: ListEventDeliveries
  readonly createEventSubscription: CreateEventSubscription
  readonly verifyEventSubscription: VerifyEventSubscription
  readonly rotateEventSubscriptionKey: RotateEventSubscriptionKey
  readonly pauseEventSubscription: PauseEventSubscription
  readonly resumeEventSubscription: ResumeEventSubscription
  readonly deleteEventSubscription: DeleteEventSubscription
  readonly replayEvents: ReplayEvents
  readonly receiveEvents: ReceiveEvents
  readonly acknowledgeEvents: AcknowledgeEvents
}

export interface OperationsDeps {
  readonly permits: Permits
  readonly policy: Policy
  readonly parseRedirectUri: RedirectUriParser
  readonly clients: ClientStore
  readonly connections: ConnectionStore
  readonly history: ConnectionHistory
  readonly onChange: ChangeObserver
  /** null: events are off. */
  readonly events: EventParts | null
}

/** Makes every operation from the same permits, validator and stores. */
export function createOperations(deps: OperationsDeps): Operations {
  return {
    readViewer: createReadViewer(deps),
    readClient: createReadClient(deps),
    listClients: createListClients(deps),
    readClientConnection: createReadClientConnection(deps),
    listClientConnections: createListClientConnections(deps),
    listConsumerConnections: createListConsumerConnections(deps),
    readConnectionClient: createReadConnectionClient(deps),
    readLatestChange: createReadLatestChange(deps),
    listConnectionChanges: createListConnectionChanges(deps),
    listClientChanges: createListClientChanges(deps),
    checkRedirectUri: createCheckRedirectUri(deps),
    updateClientConnection: createUpdateClientConnection(deps),
    revertClientConnection: createRevertClientConnection(deps),
    refreshClientConnectionSecret: createRefreshClientConnectionSecret(deps),
    deleteClientConnection: createDeleteClientConnection(deps),
    listEventSubscriptions: createListEventSubscriptions(deps),
    readEventSubscription: createReadEventSubscription(deps),
    listEventDeliveries: createListEventDeliveries(deps),
    createEventSubscription: createCreateEventSubscription(deps),
    verifyEventSubscription: createVerifyEventSubscription(deps),
    rotateEventSubscriptionKey: createRotateEventSubscriptionKey(deps),
    pauseEventSubscription: createPauseEventSubscription(deps),
    resumeEventSubscription: createResumeEventSubscription(deps),
    deleteEventSubscription: createDeleteEventSubscription(deps),
    replayEvents: createReplayEvents(deps),
    receiveEvents: createReceiveEvents(deps),
    acknowledgeEvents: createAcknowledgeEvents(deps),
  } satisfies Record<OperationName, unknown>
}
