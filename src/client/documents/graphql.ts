/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Through what a change came in. */
export type ChangeDoor =
  /** Past this gateway, for example by Mithril itself. */
  | 'EXTERNAL'
  /** This API. */
  | 'GRAPHQL'
  /** The REST routes for medical information systems. */
  | 'REST';

/** Which connections of a client. */
export type ClientConnectionFilter = {
  /** Only those used by the client with this UUID. */
  consumerId?: string | null | undefined;
  /** Only those whose redirect URI contains this text, in any case. */
  redirectUriContains?: string | null | undefined;
};

/** Which clients. Callers that see only their own client get it whatever the filter. */
export type ClientFilter = {
  /** Only the one that has the connection with this UUID. */
  connectionId?: string | null | undefined;
  /** Only the one with this UUID. */
  id?: string | null | undefined;
  /** Only those that are blocked, or that are not. */
  isBlocked?: boolean | null | undefined;
  /** Only those whose name contains this text, in any case and with any apostrophe. */
  nameContains?: string | null | undefined;
  /** Only those of the user with this UUID. */
  userId?: string | null | undefined;
};

/** How clients are ordered. */
export type ClientOrder =
  /** Oldest first. */
  | 'INSERTED_AT_ASC'
  /** Newest first. */
  | 'INSERTED_AT_DESC';

/** What was done to a connection. */
export type ConnectionChangeKind =
  /** It was made, past this gateway. Its history begins here. */
  | 'CREATED'
  /** It was deleted. */
  | 'DELETED'
  /** Its id, its client or its consumer was changed, past this gateway. There are two rows of one `version`. The first one has what was before, and no `after`; the second one has what is new. */
  | 'MOVED'
  /** Its redirect URI was put back to what it was before an earlier change. */
  | 'REVERTED'
  /** It got a new secret. */
  | 'SECRET_REFRESHED'
  /** Its redirect URI was changed. */
  | 'UPDATED';

/** Which connections of a consumer. */
export type ConsumerConnectionFilter = {
  /** Only those whose redirect URI has this host, or a host below it: `mis.example.ua` finds `a.mis.example.ua`, too. Without scheme, port and path, in any case, as A-labels or as U-labels. */
  host?: string | null | undefined;
  /** Only those whose redirect URI contains this text, in any case. */
  redirectUriContains?: string | null | undefined;
};

/** Which events, and how they reach the owner. */
export type CreateEventSubscriptionInput = {
  /** UUID of the client that owns the subscription. Without it, the own client; another one needs an admin type. */
  clientId?: string | null | undefined;
  /** The kinds of change. Without it, every kind. */
  kinds?: Array<ConnectionChangeKind> | null | undefined;
  /** How the events reach the owner. */
  method: EventMethod;
  /** The connections whose events it receives. */
  reach: EventReach;
  /** Of `PUSH`: where the gateway posts the events. `https://`, port 443, a public host, at most 500 characters, and the rules of redirect URIs. Of `POLL`: none. */
  url?: string | null | undefined;
};

/** Which connection to delete. */
export type DeleteClientConnectionInput = {
  /** UUID of the client. It must be the own client unless the caller is of an admin type. */
  clientId: string;
  /** UUID of the connection; it must belong to that client. */
  connectionId: string;
  /** The version that the caller has seen: if the connection has another one by now, `CONFLICT` and nothing written. Without it the last write wins. */
  expectedVersion?: number | null | undefined;
};

/** Which subscription. */
export type DeleteEventSubscriptionInput = {
  /** UUID of the subscription. */
  id: string;
};

/** What became of a challenge: a random text that the endpoint has to repeat. */
export type EventChallengeOutcome =
  /** The host has no address to which events may be sent. */
  | 'ADDRESS'
  /** The endpoint repeated it. */
  | 'ANSWERED'
  /** No connection, or it broke before the answer. */
  | 'CONNECTION'
  /** The answer did not repeat the challenge. */
  | 'ECHO'
  /** The gateway could not finish it. Verify the subscription again. */
  | 'INTERRUPTED'
  /** The endpoint answered another status than 2xx. */
  | 'STATUS'
  /** The endpoint did not answer in time. */
  | 'TIMEOUT'
  /** No TLS connection: the certificate or the protocol is not acceptable. */
  | 'TLS';

/** What became of the delivery of an event. */
export type EventDeliveryState =
  /** All attempts failed. A replay sends it again. */
  | 'DEAD'
  /** The endpoint took it, or the owner acknowledged it. */
  | 'DELIVERED'
  /** It waits: for its turn, for the next attempt, or for the owner who polls. */
  | 'PENDING';

/** How events reach the owner of a subscription. */
export type EventMethod =
  /** The owner fetches the events over REST, and acknowledges them. */
  | 'POLL'
  /** The gateway posts each event, signed, to `url`. */
  | 'PUSH';

/** The connections whose events a subscription receives. */
export type EventReach =
  /** Every connection. For owners of an admin type only. */
  | 'ALL'
  /** Those of which its owner is the client. */
  | 'CLIENT'
  /** Those of which its owner is the consumer. */
  | 'CONSUMER';

/** Whether a subscription receives events. */
export type EventSubscriptionState =
  /** Events are delivered. */
  | 'ACTIVE'
  /** The gateway gave the endpoint up: it answered 410, or failed for five days. It receives no event until it is verified; a replay brings those of the time between. */
  | 'OFF'
  /** Events wait until it is resumed. */
  | 'PAUSED'
  /** Its endpoint has not repeated the challenge yet. It receives no event. */
  | 'UNVERIFIED';

/** Which subscription. */
export type PauseEventSubscriptionInput = {
  /** UUID of the subscription. */
  id: string;
};

/** Which connection gets a new secret. */
export type RefreshClientConnectionSecretInput = {
  /** UUID of the client. It must be the own client unless the caller is of an admin type. */
  clientId: string;
  /** UUID of the connection; it must belong to that client. */
  connectionId: string;
  /** The version that the caller has seen: if the connection has another one by now, `CONFLICT` and nothing written. Without it the last write wins. */
  expectedVersion?: number | null | undefined;
};

/** Which events of which subscription: those of a time, or those of one connection. */
export type ReplayEventsInput = {
  /** The `after` of the replay before. The replay goes on there, in the same range. */
  after?: string | null | undefined;
  /** UUID of the connection, instead of a time. */
  connectionId?: string | null | undefined;
  /** The beginning of the time. */
  from?: string | null | undefined;
  /** UUID of the subscription. */
  id: string;
  /** The end of the time, which no longer belongs to it. */
  to?: string | null | undefined;
};

/** Which subscription. */
export type ResumeEventSubscriptionInput = {
  /** UUID of the subscription. */
  id: string;
};

/** Which change to take back. */
export type RevertClientConnectionInput = {
  /** The change, from the connection's history. */
  changeId: string;
  /** UUID of the client. It must be the own client unless the caller is of an admin type. */
  clientId: string;
  /** UUID of the connection; it must belong to that client. */
  connectionId: string;
  /** The version that the caller has seen: if the connection has another one by now, `CONFLICT` and nothing written. Without it the last write wins. */
  expectedVersion?: number | null | undefined;
};

/** Which subscription gets a new signing secret. */
export type RotateEventSubscriptionKeyInput = {
  /** UUID of the subscription. */
  id: string;
};

/** What to change. Only the redirect URI of a connection can be changed. */
export type UpdateClientConnectionInput = {
  /** UUID of the client. It must be the own client unless the caller is of an admin type. */
  clientId: string;
  /** UUID of the connection; it must belong to that client. */
  connectionId: string;
  /** The version that the caller has seen: if the connection has another one by now, `CONFLICT` and nothing written. Without it the last write wins. */
  expectedVersion?: number | null | undefined;
  /** The new redirect URI: `https://` and at most 255 characters, no fragment, no user info, a host of at least two labels or an IPv4 address. Stored byte for byte as sent. */
  redirectUri: string;
};

/** Which subscription. */
export type VerifyEventSubscriptionInput = {
  /** UUID of the subscription. */
  id: string;
};

export type ClientCardQueryVariables = Exact<{
  id: string;
}>;


export type ClientCardQuery = { client: { id: string, name: string | null, settings: unknown, isBlocked: boolean, blockReason: string | null, userId: string | null, clientTypeId: string, clientTypeName: string, insertedAt: string, updatedAt: string } | null };

export type ConnectionCardQueryVariables = Exact<{
  clientId: string;
  connectionId: string;
}>;


export type ConnectionCardQuery = { clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string, client: { clientId: string, name: string | null } | null, consumer: { clientId: string, name: string | null } | null, lastChange: { id: string, consumerId: string | null, version: number | null, kind: ConnectionChangeKind, before: string, after: string | null, brokerClientId: string | null, door: ChangeDoor, requestId: string | null, revertedChangeId: string | null, changedAt: string, caller: { clientId: string, clientType: string, userId: string | null } | null } | null } | null };

export type ConsumerConnectionsQueryVariables = Exact<{
  consumerId: string;
  filter?: ConsumerConnectionFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ConsumerConnectionsQuery = { consumerConnections: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string, client: { clientId: string, name: string | null } | null } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type EventSubscriptionCardQueryVariables = Exact<{
  id: string;
}>;


export type EventSubscriptionCardQuery = { eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string, waiting: { totalCount: number } | null, dead: { totalCount: number } | null } | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { clientId: string, clientType: string, userId: string | null, scopes: Array<string>, mayUpdate: boolean, mayRefreshSecret: boolean, mayDelete: boolean, seesAllClients: boolean } };

export type ClientQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ClientConnectionFilter | null | undefined;
}>;


export type ClientQuery = { client: { id: string, name: string | null, settings: unknown, isBlocked: boolean, blockReason: string | null, userId: string | null, clientTypeId: string, clientTypeName: string, insertedAt: string, updatedAt: string, connections: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string, consumer: { clientId: string, name: string | null } | null } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } } | null };

export type ClientsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: ClientFilter | null | undefined;
  orderBy?: ClientOrder;
}>;


export type ClientsQuery = { clients: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, name: string | null, settings: unknown, isBlocked: boolean, blockReason: string | null, userId: string | null, clientTypeId: string, clientTypeName: string, insertedAt: string, updatedAt: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type ClientConnectionQueryVariables = Exact<{
  clientId: string;
  connectionId: string;
}>;


export type ClientConnectionQuery = { clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string } | null };

export type ConnectionHistoryQueryVariables = Exact<{
  clientId: string;
  connectionId: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ConnectionHistoryQuery = { clientConnection: { id: string, lastChange: { id: string, consumerId: string | null, version: number | null, kind: ConnectionChangeKind, before: string, after: string | null, brokerClientId: string | null, door: ChangeDoor, requestId: string | null, revertedChangeId: string | null, changedAt: string, caller: { clientId: string, clientType: string, userId: string | null } | null } | null, changes: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, consumerId: string | null, version: number | null, kind: ConnectionChangeKind, before: string, after: string | null, brokerClientId: string | null, door: ChangeDoor, requestId: string | null, revertedChangeId: string | null, changedAt: string, caller: { clientId: string, clientType: string, userId: string | null } | null } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } | null } | null };

export type ClientHistoryQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  connectionId?: string | null | undefined;
  kind?: ConnectionChangeKind | null | undefined;
}>;


export type ClientHistoryQuery = { client: { id: string, connectionChanges: { totalCount: number, edges: Array<{ cursor: string, node: { connectionId: string, id: string, consumerId: string | null, version: number | null, kind: ConnectionChangeKind, before: string, after: string | null, brokerClientId: string | null, door: ChangeDoor, requestId: string | null, revertedChangeId: string | null, changedAt: string, caller: { clientId: string, clientType: string, userId: string | null } | null } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } } | null };

export type RedirectUriCheckQueryVariables = Exact<{
  clientId: string;
  connectionId: string;
  redirectUri: string;
}>;


export type RedirectUriCheckQuery = { redirectUriCheck: { valid: boolean, violations: Array<{ id: string, rule: string, reason: string | null, message: string }>, warnings: Array<{ id: string, reason: string, message: string, aLabel: string | null }> } };

export type UpdateClientConnectionMutationVariables = Exact<{
  input: UpdateClientConnectionInput;
}>;


export type UpdateClientConnectionMutation = { updateClientConnection: { clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string } } | null };

export type RevertClientConnectionMutationVariables = Exact<{
  input: RevertClientConnectionInput;
}>;


export type RevertClientConnectionMutation = { revertClientConnection: { clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string } } | null };

export type RefreshClientConnectionSecretMutationVariables = Exact<{
  input: RefreshClientConnectionSecretInput;
}>;


export type RefreshClientConnectionSecretMutation = { refreshClientConnectionSecret: { secret: string, clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string } } | null };

export type DeleteClientConnectionMutationVariables = Exact<{
  input: DeleteClientConnectionInput;
}>;


export type DeleteClientConnectionMutation = { deleteClientConnection: { clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string } } | null };

export type EventSubscriptionsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  clientId?: string | null | undefined;
}>;


export type EventSubscriptionsQuery = { eventSubscriptions: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } | null };

export type EventSubscriptionQueryVariables = Exact<{
  id: string;
}>;


export type EventSubscriptionQuery = { eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } | null };

export type EventDeliveriesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  state?: EventDeliveryState | null | undefined;
}>;


export type EventDeliveriesQuery = { eventSubscription: { id: string, deliveries: { totalCount: number, edges: Array<{ cursor: string, node: { eventId: string, connectionId: string, state: EventDeliveryState, attempts: number, nextAttemptAt: string | null, lastStatus: number | null, lastFailure: string | null, endedAt: string | null } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } | null } | null };

export type CreateEventSubscriptionMutationVariables = Exact<{
  input: CreateEventSubscriptionInput;
}>;


export type CreateEventSubscriptionMutation = { createEventSubscription: { secret: string | null, challenge: EventChallengeOutcome | null, eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } } | null };

export type VerifyEventSubscriptionMutationVariables = Exact<{
  input: VerifyEventSubscriptionInput;
}>;


export type VerifyEventSubscriptionMutation = { verifyEventSubscription: { eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } } | null };

export type PauseEventSubscriptionMutationVariables = Exact<{
  input: PauseEventSubscriptionInput;
}>;


export type PauseEventSubscriptionMutation = { pauseEventSubscription: { eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } } | null };

export type ResumeEventSubscriptionMutationVariables = Exact<{
  input: ResumeEventSubscriptionInput;
}>;


export type ResumeEventSubscriptionMutation = { resumeEventSubscription: { eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } } | null };

export type DeleteEventSubscriptionMutationVariables = Exact<{
  input: DeleteEventSubscriptionInput;
}>;


export type DeleteEventSubscriptionMutation = { deleteEventSubscription: { eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } } | null };

export type RotateEventSubscriptionKeyMutationVariables = Exact<{
  input: RotateEventSubscriptionKeyInput;
}>;


export type RotateEventSubscriptionKeyMutation = { rotateEventSubscriptionKey: { secret: string, eventSubscription: { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string } } | null };

export type ReplayEventsMutationVariables = Exact<{
  input: ReplayEventsInput;
}>;


export type ReplayEventsMutation = { replayEvents: { queued: number, hasMore: boolean, after: string | null } | null };

export type ClientFieldsFragment = { id: string, name: string | null, settings: unknown, isBlocked: boolean, blockReason: string | null, userId: string | null, clientTypeId: string, clientTypeName: string, insertedAt: string, updatedAt: string };

export type ConnectionFieldsFragment = { id: string, clientId: string, consumerId: string, redirectUri: string, version: number, insertedAt: string, updatedAt: string };

export type ChangeFieldsFragment = { id: string, consumerId: string | null, version: number | null, kind: ConnectionChangeKind, before: string, after: string | null, brokerClientId: string | null, door: ChangeDoor, requestId: string | null, revertedChangeId: string | null, changedAt: string, caller: { clientId: string, clientType: string, userId: string | null } | null };

export type EventSubscriptionFieldsFragment = { id: string, clientId: string, reach: EventReach, method: EventMethod, url: string | null, kinds: Array<ConnectionChangeKind>, state: EventSubscriptionState, keyRotatedAt: string | null, failingSince: string | null, insertedAt: string };

export type EventDeliveryFieldsFragment = { eventId: string, connectionId: string, state: EventDeliveryState, attempts: number, nextAttemptAt: string | null, lastStatus: number | null, lastFailure: string | null, endedAt: string | null };

export type PageFieldsFragment = { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ClientFieldsFragmentDoc = new TypedDocumentString(`
    fragment ClientFields on Client {
  id
  name
  settings
  isBlocked
  blockReason
  userId
  clientTypeId
  clientTypeName
  insertedAt
  updatedAt
}
    `, {"fragmentName":"ClientFields"}) as unknown as TypedDocumentString<ClientFieldsFragment, unknown>;
export const ConnectionFieldsFragmentDoc = new TypedDocumentString(`
    fragment ConnectionFields on ClientConnection {
  id
  clientId
  consumerId
  redirectUri
  version
  insertedAt
  updatedAt
}
    `, {"fragmentName":"ConnectionFields"}) as unknown as TypedDocumentString<ConnectionFieldsFragment, unknown>;
export const ChangeFieldsFragmentDoc = new TypedDocumentString(`
    fragment ChangeFields on ConnectionChange {
  id
  consumerId
  version
  kind
  before
  after
  caller {
    clientId
    clientType
    userId
  }
  brokerClientId
  door
  requestId
  revertedChangeId
  changedAt
}
    `, {"fragmentName":"ChangeFields"}) as unknown as TypedDocumentString<ChangeFieldsFragment, unknown>;
export const EventSubscriptionFieldsFragmentDoc = new TypedDocumentString(`
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}
    `, {"fragmentName":"EventSubscriptionFields"}) as unknown as TypedDocumentString<EventSubscriptionFieldsFragment, unknown>;
export const EventDeliveryFieldsFragmentDoc = new TypedDocumentString(`
    fragment EventDeliveryFields on EventDelivery {
  eventId
  connectionId
  state
  attempts
  nextAttemptAt
  lastStatus
  lastFailure
  endedAt
}
    `, {"fragmentName":"EventDeliveryFields"}) as unknown as TypedDocumentString<EventDeliveryFieldsFragment, unknown>;
export const PageFieldsFragmentDoc = new TypedDocumentString(`
    fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
    `, {"fragmentName":"PageFields"}) as unknown as TypedDocumentString<PageFieldsFragment, unknown>;
export const ClientCardDocument = new TypedDocumentString(`
    query ClientCard($id: ID!) {
  client(id: $id) {
    ...ClientFields
  }
}
    fragment ClientFields on Client {
  id
  name
  settings
  isBlocked
  blockReason
  userId
  clientTypeId
  clientTypeName
  insertedAt
  updatedAt
}`, {"hash":"sha256:b26e27d196eb1233383ff09aae74aa4a1fce06eeeb9345638f299edb9a28ba67"}) as unknown as TypedDocumentString<ClientCardQuery, ClientCardQueryVariables>;
export const ConnectionCardDocument = new TypedDocumentString(`
    query ConnectionCard($clientId: ID!, $connectionId: ID!) {
  clientConnection(clientId: $clientId, connectionId: $connectionId) {
    ...ConnectionFields
    client {
      clientId
      name
    }
    consumer {
      clientId
      name
    }
    lastChange {
      ...ChangeFields
    }
  }
}
    fragment ConnectionFields on ClientConnection {
  id
  clientId
  consumerId
  redirectUri
  version
  insertedAt
  updatedAt
}
fragment ChangeFields on ConnectionChange {
  id
  consumerId
  version
  kind
  before
  after
  caller {
    clientId
    clientType
    userId
  }
  brokerClientId
  door
  requestId
  revertedChangeId
  changedAt
}`, {"hash":"sha256:26dfd163b5bbca58198c85f38f2d2c170d849a2476739ef239472030db646a18"}) as unknown as TypedDocumentString<ConnectionCardQuery, ConnectionCardQueryVariables>;
export const ConsumerConnectionsDocument = new TypedDocumentString(`
    query ConsumerConnections($consumerId: ID!, $filter: ConsumerConnectionFilter, $first: Int, $after: String) {
  consumerConnections(
    consumerId: $consumerId
    filter: $filter
    first: $first
    after: $after
  ) {
    edges {
      cursor
      node {
        ...ConnectionFields
        client {
          clientId
          name
        }
      }
    }
    pageInfo {
      ...PageFields
    }
    totalCount
  }
}
    fragment ConnectionFields on ClientConnection {
  id
  clientId
  consumerId
  redirectUri
  version
  insertedAt
  updatedAt
}
fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"hash":"sha256:4313c257439cf4b1bfe2799140e07c13b6fcacb8c6e97a915e5b723cea07cea5"}) as unknown as TypedDocumentString<ConsumerConnectionsQuery, ConsumerConnectionsQueryVariables>;
export const EventSubscriptionCardDocument = new TypedDocumentString(`
    query EventSubscriptionCard($id: ID!) {
  eventSubscription(id: $id) {
    ...EventSubscriptionFields
    waiting: deliveries(first: 1, state: PENDING) {
      totalCount
    }
    dead: deliveries(first: 1, state: DEAD) {
      totalCount
    }
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:43ac023d4c37105183df3b2eecb0d4764567f15e311987cf0fc796be0161f931"}) as unknown as TypedDocumentString<EventSubscriptionCardQuery, EventSubscriptionCardQueryVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    clientId
    clientType
    userId
    scopes
    mayUpdate
    mayRefreshSecret
    mayDelete
    seesAllClients
  }
}
    `, {"hash":"sha256:72c0dadeec0b15695289fa765a637db83799e5242fef7fe732fd789f5e3e6f96"}) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const ClientDocument = new TypedDocumentString(`
    query Client($id: ID!, $first: Int, $after: String, $filter: ClientConnectionFilter) {
  client(id: $id) {
    ...ClientFields
    connections(first: $first, after: $after, filter: $filter) {
      edges {
        cursor
        node {
          ...ConnectionFields
          consumer {
            clientId
            name
          }
        }
      }
      pageInfo {
        ...PageFields
      }
      totalCount
    }
  }
}
    fragment ClientFields on Client {
  id
  name
  settings
  isBlocked
  blockReason
  userId
  clientTypeId
  clientTypeName
  insertedAt
  updatedAt
}
fragment ConnectionFields on ClientConnection {
  id
  clientId
  consumerId
  redirectUri
  version
  insertedAt
  updatedAt
}
fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"hash":"sha256:8178858073a4af745c01173a437ebe3e5d150397e36ef8f324c3b55812a0f178"}) as unknown as TypedDocumentString<ClientQuery, ClientQueryVariables>;
export const ClientsDocument = new TypedDocumentString(`
    query Clients($first: Int, $after: String, $last: Int, $before: String, $filter: ClientFilter, $orderBy: ClientOrder! = INSERTED_AT_DESC) {
  clients(
    first: $first
    after: $after
    last: $last
    before: $before
    filter: $filter
    orderBy: $orderBy
  ) {
    edges {
      cursor
      node {
        ...ClientFields
      }
    }
    pageInfo {
      ...PageFields
    }
    totalCount
  }
}
    fragment ClientFields on Client {
  id
  name
  settings
  isBlocked
  blockReason
  userId
  clientTypeId
  clientTypeName
  insertedAt
  updatedAt
}
fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"hash":"sha256:deac8177d13aa1c9ecab2e598005e38ef3f8f7a6531ba64cd71ca482c7287495"}) as unknown as TypedDocumentString<ClientsQuery, ClientsQueryVariables>;
export const ClientConnectionDocument = new TypedDocumentString(`
    query ClientConnection($clientId: ID!, $connectionId: ID!) {
  clientConnection(clientId: $clientId, connectionId: $connectionId) {
    id
    clientId
    consumerId
    redirectUri
    version
    insertedAt
    updatedAt
  }
}
    `, {"hash":"sha256:ec09072798a4d5fce884ab982cf0a013552dd5d14a3be5b4127ec271ae6cf3df"}) as unknown as TypedDocumentString<ClientConnectionQuery, ClientConnectionQueryVariables>;
export const ConnectionHistoryDocument = new TypedDocumentString(`
    query ConnectionHistory($clientId: ID!, $connectionId: ID!, $first: Int, $after: String) {
  clientConnection(clientId: $clientId, connectionId: $connectionId) {
    id
    lastChange {
      ...ChangeFields
    }
    changes(first: $first, after: $after) {
      edges {
        cursor
        node {
          ...ChangeFields
        }
      }
      pageInfo {
        ...PageFields
      }
      totalCount
    }
  }
}
    fragment ChangeFields on ConnectionChange {
  id
  consumerId
  version
  kind
  before
  after
  caller {
    clientId
    clientType
    userId
  }
  brokerClientId
  door
  requestId
  revertedChangeId
  changedAt
}
fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"hash":"sha256:d899b1876c257deb7c26174f8a5ce7e4bddf09ec22d356ff27017e6331b8685a"}) as unknown as TypedDocumentString<ConnectionHistoryQuery, ConnectionHistoryQueryVariables>;
export const ClientHistoryDocument = new TypedDocumentString(`
    query ClientHistory($id: ID!, $first: Int, $after: String, $connectionId: ID, $kind: ConnectionChangeKind) {
  client(id: $id) {
    id
    connectionChanges(
      first: $first
      after: $after
      connectionId: $connectionId
      kind: $kind
    ) {
      edges {
        cursor
        node {
          ...ChangeFields
          connectionId
        }
      }
      pageInfo {
        ...PageFields
      }
      totalCount
    }
  }
}
    fragment ChangeFields on ConnectionChange {
  id
  consumerId
  version
  kind
  before
  after
  caller {
    clientId
    clientType
    userId
  }
  brokerClientId
  door
  requestId
  revertedChangeId
  changedAt
}
fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"hash":"sha256:7218c6c6e120017629db66773cfedf8934f40e5da48481e87416b1a1d98a0fce"}) as unknown as TypedDocumentString<ClientHistoryQuery, ClientHistoryQueryVariables>;
export const RedirectUriCheckDocument = new TypedDocumentString(`
    query RedirectUriCheck($clientId: ID!, $connectionId: ID!, $redirectUri: String!) {
  redirectUriCheck(
    clientId: $clientId
    connectionId: $connectionId
    redirectUri: $redirectUri
  ) {
    valid
    violations {
      id
      rule
      reason
      message
    }
    warnings {
      id
      reason
      message
      aLabel
    }
  }
}
    `, {"hash":"sha256:7e416c2217b289c149902f963032f474958d2e04acd93b0dc26cf6267fcf8ab8"}) as unknown as TypedDocumentString<RedirectUriCheckQuery, RedirectUriCheckQueryVariables>;
export const UpdateClientConnectionDocument = new TypedDocumentString(`
    mutation UpdateClientConnection($input: UpdateClientConnectionInput!) {
  updateClientConnection(input: $input) {
    clientConnection {
      id
      clientId
      consumerId
      redirectUri
      version
      insertedAt
      updatedAt
    }
  }
}
    `, {"hash":"sha256:d673345b6d12e7454b1c9575f433d7b095ed569bf978842aff1a4f3dc295bf88"}) as unknown as TypedDocumentString<UpdateClientConnectionMutation, UpdateClientConnectionMutationVariables>;
export const RevertClientConnectionDocument = new TypedDocumentString(`
    mutation RevertClientConnection($input: RevertClientConnectionInput!) {
  revertClientConnection(input: $input) {
    clientConnection {
      ...ConnectionFields
    }
  }
}
    fragment ConnectionFields on ClientConnection {
  id
  clientId
  consumerId
  redirectUri
  version
  insertedAt
  updatedAt
}`, {"hash":"sha256:b80d42861beaa0c7606bde88ff89ca61b39fcad3cabae5f09983ab515cb1e34c"}) as unknown as TypedDocumentString<RevertClientConnectionMutation, RevertClientConnectionMutationVariables>;
export const RefreshClientConnectionSecretDocument = new TypedDocumentString(`
    mutation RefreshClientConnectionSecret($input: RefreshClientConnectionSecretInput!) {
  refreshClientConnectionSecret(input: $input) {
    clientConnection {
      ...ConnectionFields
    }
    secret
  }
}
    fragment ConnectionFields on ClientConnection {
  id
  clientId
  consumerId
  redirectUri
  version
  insertedAt
  updatedAt
}`, {"hash":"sha256:42ab05f85ee6091bfeefcf62892997d4bfd34f1c69bb79642f590685ea7d540e"}) as unknown as TypedDocumentString<RefreshClientConnectionSecretMutation, RefreshClientConnectionSecretMutationVariables>;
export const DeleteClientConnectionDocument = new TypedDocumentString(`
    mutation DeleteClientConnection($input: DeleteClientConnectionInput!) {
  deleteClientConnection(input: $input) {
    clientConnection {
      ...ConnectionFields
    }
  }
}
    fragment ConnectionFields on ClientConnection {
  id
  clientId
  consumerId
  redirectUri
  version
  insertedAt
  updatedAt
}`, {"hash":"sha256:b8e6a512552e8908bd8c3644b5e2ba7e2a913a3e98a3cb6cd5599c02030ef412"}) as unknown as TypedDocumentString<DeleteClientConnectionMutation, DeleteClientConnectionMutationVariables>;
export const EventSubscriptionsDocument = new TypedDocumentString(`
    query EventSubscriptions($first: Int, $after: String, $clientId: ID) {
  eventSubscriptions(first: $first, after: $after, clientId: $clientId) {
    edges {
      cursor
      node {
        ...EventSubscriptionFields
      }
    }
    pageInfo {
      ...PageFields
    }
    totalCount
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}
fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"hash":"sha256:ae5ce180966eb6e424da03aca57af7bba8515c1158be9a99bf17f77d3e04a6a0"}) as unknown as TypedDocumentString<EventSubscriptionsQuery, EventSubscriptionsQueryVariables>;
export const EventSubscriptionDocument = new TypedDocumentString(`
    query EventSubscription($id: ID!) {
  eventSubscription(id: $id) {
    ...EventSubscriptionFields
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:2b3383caf836dc7e615eb206d531771a423f1fab0d2772ea1b3842204f882f2d"}) as unknown as TypedDocumentString<EventSubscriptionQuery, EventSubscriptionQueryVariables>;
export const EventDeliveriesDocument = new TypedDocumentString(`
    query EventDeliveries($id: ID!, $first: Int, $after: String, $state: EventDeliveryState) {
  eventSubscription(id: $id) {
    id
    deliveries(first: $first, after: $after, state: $state) {
      edges {
        cursor
        node {
          ...EventDeliveryFields
        }
      }
      pageInfo {
        ...PageFields
      }
      totalCount
    }
  }
}
    fragment EventDeliveryFields on EventDelivery {
  eventId
  connectionId
  state
  attempts
  nextAttemptAt
  lastStatus
  lastFailure
  endedAt
}
fragment PageFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"hash":"sha256:c8c6179a0672525618a6919551bc67500ecb8d79097de0e5ecc1107f424e2c41"}) as unknown as TypedDocumentString<EventDeliveriesQuery, EventDeliveriesQueryVariables>;
export const CreateEventSubscriptionDocument = new TypedDocumentString(`
    mutation CreateEventSubscription($input: CreateEventSubscriptionInput!) {
  createEventSubscription(input: $input) {
    eventSubscription {
      ...EventSubscriptionFields
    }
    secret
    challenge
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:93d92a1e275ff33b467f16dc49cd21c4257beb60b1a029111cef354a6e9dd165"}) as unknown as TypedDocumentString<CreateEventSubscriptionMutation, CreateEventSubscriptionMutationVariables>;
export const VerifyEventSubscriptionDocument = new TypedDocumentString(`
    mutation VerifyEventSubscription($input: VerifyEventSubscriptionInput!) {
  verifyEventSubscription(input: $input) {
    eventSubscription {
      ...EventSubscriptionFields
    }
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:2757d257ef60bc5b6fac844c2fd50fd6af082a86144fdfa3b22af7413b4b7da2"}) as unknown as TypedDocumentString<VerifyEventSubscriptionMutation, VerifyEventSubscriptionMutationVariables>;
export const PauseEventSubscriptionDocument = new TypedDocumentString(`
    mutation PauseEventSubscription($input: PauseEventSubscriptionInput!) {
  pauseEventSubscription(input: $input) {
    eventSubscription {
      ...EventSubscriptionFields
    }
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:570a5038c9cdfc898c1c792366a0c433620e5512ac479f51d948a895f16d4401"}) as unknown as TypedDocumentString<PauseEventSubscriptionMutation, PauseEventSubscriptionMutationVariables>;
export const ResumeEventSubscriptionDocument = new TypedDocumentString(`
    mutation ResumeEventSubscription($input: ResumeEventSubscriptionInput!) {
  resumeEventSubscription(input: $input) {
    eventSubscription {
      ...EventSubscriptionFields
    }
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:9c0a4d677c114707fb381262dcda9d16ed5d005e7dd6feddffe5e4e31e0796fd"}) as unknown as TypedDocumentString<ResumeEventSubscriptionMutation, ResumeEventSubscriptionMutationVariables>;
export const DeleteEventSubscriptionDocument = new TypedDocumentString(`
    mutation DeleteEventSubscription($input: DeleteEventSubscriptionInput!) {
  deleteEventSubscription(input: $input) {
    eventSubscription {
      ...EventSubscriptionFields
    }
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:0f6c05af5b5e80226cb1ea37267e96eeb020b0e647cb5bd8205403d115ba71fb"}) as unknown as TypedDocumentString<DeleteEventSubscriptionMutation, DeleteEventSubscriptionMutationVariables>;
export const RotateEventSubscriptionKeyDocument = new TypedDocumentString(`
    mutation RotateEventSubscriptionKey($input: RotateEventSubscriptionKeyInput!) {
  rotateEventSubscriptionKey(input: $input) {
    eventSubscription {
      ...EventSubscriptionFields
    }
    secret
  }
}
    fragment EventSubscriptionFields on EventSubscription {
  id
  clientId
  reach
  method
  url
  kinds
  state
  keyRotatedAt
  failingSince
  insertedAt
}`, {"hash":"sha256:8c51ba6af649dd39df9d0cf890589070903df71ac03b0bcf9b0457ba429a3eea"}) as unknown as TypedDocumentString<RotateEventSubscriptionKeyMutation, RotateEventSubscriptionKeyMutationVariables>;
export const ReplayEventsDocument = new TypedDocumentString(`
    mutation ReplayEvents($input: ReplayEventsInput!) {
  replayEvents(input: $input) {
    queued
    hasMore
    after
  }
}
    `, {"hash":"sha256:b4b65c6567910cee05dfd6220d01227a257f02a57202dd2386e6c9f501098ec4"}) as unknown as TypedDocumentString<ReplayEventsMutation, ReplayEventsMutationVariables>;