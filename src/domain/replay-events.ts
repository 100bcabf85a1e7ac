import type { Call } from './call.ts'
import { GatewayError } from './errors.ts'
import type { ReplayedEvents, ReplayRange } from './event-subscription-store.ts'
import type { OptionalArgument } from './list-arguments.ts'
import { type EventDeps, ownedSubscription, partsOfEvents, requireReach } from './owned-subscription.ts'
import { decodeCursor, encodeCursor } from './page.ts'
import type { Permit, Permits } from './permit.ts'
import { foldUuid, isUuid } from './uuid.ts'
import { missing, type Violation, wrongType } from './violation.ts'

/** Queues events anew for a subscription: those of a time, or those of one connection. */
export interface ReplayEvents {
  permit(call: Call, subject: { readonly subscriptionId: string }): Permit | Promise<Permit>
  run(permit: Permit, input: ReplayEventsInput): Promise<ReplayPortion>
}

/** What one replay has queued. */
export interface ReplayPortion extends Pick<ReplayedEvents, 'queued' | 'hasMore'> {
  /** The cursor with which a replay of the same range goes on. null: there are no more events. */
  readonly after: string | null
}

/** Either a time, or a connection. Each value may have any type. */
export interface ReplayEventsInput {
  /** The beginning of the time. */
  readonly from?: OptionalArgument<unknown>
  /** The end of the time, which no longer belongs to it. */
  readonly to?: OptionalArgument<unknown>
  readonly connectionId?: OptionalArgument<unknown>
  /** The cursor of the replay before. */
  readonly after?: OptionalArgument<unknown>
}

const dateTime = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i

/** Whether a text is a time of RFC 3339. JavaScript reads 30 February as 2 March. */
function isDateTime(text: string): boolean {
  const day = dateTime.exec(text)?.[1]
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(Number(midnight)) && midnight.toISOString().startsWith(`${day}T`)
}

type Fault = Violation | readonly Violation[]

const isViolation = (value: unknown): value is Violation =>
  typeof value === 'object' && value !== null && 'rule' in value

function timeOf(name: 'from' | 'to', value: unknown): Date | Fault {
  if (value == null) return missing([name], name)
  if (!(value instanceof Date) && typeof value !== 'string') return wrongType([name], 'string', value)
  const isRead = value instanceof Date || isDateTime(value)
  const date = isRead ? new Date(value) : new Date(Number.NaN)
  // PostgreSQL cannot read the other years as JavaScript writes them.
  const isOfAnEra = date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9_999
  return isOfAnEra ? date : { id: 'date_time', path: [name], rule: 'format', params: { format: 'date-time' } }
}

/** The range of a replay, or what is wrong with it. */
function rangeOf({ from, to, connectionId }: ReplayEventsInput): ReplayRange | readonly Violation[] {
  const ofTime = from != null || to != null
  if (ofTime === (connectionId != null))
    return [{ id: 'replay_range', path: [], rule: 'format', params: { reason: 'combination' } }]
  if (connectionId != null) {
    if (typeof connectionId !== 'string') return [wrongType(['connectionId'], 'string', connectionId)]
    if (isUuid(connectionId)) return { connectionId: foldUuid(connectionId) }
    return [{ id: 'uuid', path: ['connectionId'], rule: 'cast', params: { expected: 'uuid', actual: 'string' } }]
  }
  const [begin, end] = [timeOf('from', from), timeOf('to', to)]
  if (!(begin instanceof Date) || !(end instanceof Date))
    return [begin, end].flatMap((time) => (time instanceof Date ? [] : time))
  if (begin < end) return { from: begin, to: end }
  return [{ id: 'time_order', path: ['to'], rule: 'format', params: { reason: 'order' } }]
}

/** The number after which a replay goes on. undefined: it begins at the start. */
function numberAfter(after: ReplayEventsInput['after']): string | undefined | Violation {
  if (after == null) return undefined
  if (typeof after !== 'string') return wrongType(['after'], 'string', after)
  const place = decodeCursor(after, 'number')
  return place?.[0] ?? { id: 'cursor', path: ['after'], rule: 'format', params: { format: 'cursor' } }
}

/**
 * The events keep their ids. One that still waits keeps its place. The events go as far back as the audit does.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `tooManyRequests`, `eventsOff`, `notFound`, `forbidden`,
 *   `validationFailed`, `subscriptionState` (neither active nor paused) or `unavailable`
 */
export function createReplayEvents(deps: EventDeps & { readonly permits: Permits }): ReplayEvents {
  const { permits } = deps
  return {
    permit: (call, subject) => permits.give(call, 'replayEvents', subject),
    async run(given, input) {
      const permit = await permits.confirm(given, 'replayEvents')
      const { subscriptions } = partsOfEvents(deps)
      const range = rangeOf(input)
      const after = numberAfter(input.after)
      const violations = [range, after].flat().filter(isViolation)
      if (violations.length > 0) throw new GatewayError('validationFailed', { violations })
      const found = await ownedSubscription(deps, permit)
      requireReach(deps, permit, found)
      const replayed = await subscriptions.replay(
        found.id,
        { ...(range as ReplayRange), after: after as string | undefined },
        permit,
      )
      if (replayed !== null) {
        const { queued, hasMore, last } = replayed
        return { queued, hasMore, after: last === null ? null : encodeCursor([last, last]) }
      }
      throw new GatewayError('subscriptionState', { current: await ownedSubscription(deps, permit) })
    },
  }
}
