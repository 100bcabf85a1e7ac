import type { Door } from './call.ts'
import type { ChangeKind } from './connection-change.ts'

/** A row of the audit as an event needs it. */
export interface EventChange {
  /** The number of the row, a whole number as text. */
  readonly number: string
  readonly kind: ChangeKind
  readonly connectionId: string
  readonly clientId: string
  /** null: the row is older than the column. */
  readonly consumerId: string | null
  /** null: the row is older than the column. */
  readonly version: number | null
  readonly before: string | null
  readonly after: string | null
  readonly door: Door | 'EXTERNAL'
  readonly requestId: string | null
  /** RFC 3339 with microseconds, as the audit has it. A `Date` would lose them. */
  readonly changedAt: string
  /**
   * The number of the connection's event before this one that the subscription could receive. null: this is the first.
   */
  readonly previous: string | null
}

const types = {
  CREATED: 'created',
  UPDATED: 'redirect_uri_changed',
  REVERTED: 'reverted',
  SECRET_REFRESHED: 'secret_refreshed',
  MOVED: 'moved',
  DELETED: 'deleted',
} as const satisfies Record<ChangeKind, string>

/** The prefix of every type of event. */
export const eventTypePrefix = 'ua.ehealth.mithril.connection.'

/** Enough digits for a bigint, so that sequences compare as texts (CloudEvents, extension `sequence`). */
const sequenceDigits = 19

/** The id of an event. It is the same in every attempt, replay and poll. */
export const eventIdOf = (number: string): string => `chg_${number}`

/** The number of an event id. null: the text is no such id. */
export const numberOfEventId = (id: string): string | null => /^chg_([1-9]\d{0,18})$/.exec(id)?.[1] ?? null

/**
 * The event of a change: CloudEvents 1.0 in its JSON format. It holds no secret and no id of a user.
 * @param source The address of the gateway, which names the origin of the event.
 */
export function eventOf(change: EventChange, source: string) {
  const { number, kind, connectionId, clientId, consumerId, version, before, after, door, requestId } = change
  return {
    specversion: '1.0',
    id: eventIdOf(number),
    source,
    type: eventTypePrefix + types[kind],
    subject: connectionId,
    time: change.changedAt,
    datacontenttype: 'application/json',
    sequence: number.padStart(sequenceDigits, '0'),
    ...(change.previous !== null && { previous: eventIdOf(change.previous) }),
    data: { connectionId, clientId, consumerId, version, before, after, door, requestId },
  }
}

/** The text of an event. Equal changes make equal texts, so a retry has the same bytes. */
export const cloudEventOf = (change: EventChange, source: string): string => JSON.stringify(eventOf(change, source))
