import { type ChangeKind, changeKinds } from './connection-change.ts'
import { GatewayError } from './errors.ts'
import { type EventMethod, type EventReach, eventMethods, eventReaches } from './event-subscription.ts'
import { eventTargetViolations, type TargetAddresses } from './event-target.ts'
import { missing, notOneOf, type Violation, wrongType } from './violation.ts'

/** A new subscription as the caller describes it. Each value may have any type. */
export interface EventSubscriptionInput {
  readonly reach: unknown
  readonly method: unknown
  /** Of `PUSH`: the target. Absent or null otherwise. */
  readonly url?: unknown
  /** Absent or null: every kind. */
  readonly kinds?: unknown
}

export interface ValidEventSubscription {
  readonly reach: EventReach
  readonly method: EventMethod
  readonly url: string | null
  readonly kinds: readonly ChangeKind[]
}

function choiceViolations(name: string, value: unknown, choices: readonly string[]): readonly Violation[] {
  if (value == null) return [missing([name], name)]
  if (typeof value !== 'string') return [wrongType([name], 'string', value)]
  return choices.includes(value) ? [] : [notOneOf([name], choices)]
}

function kindsViolations(kinds: unknown): readonly Violation[] {
  if (kinds == null) return []
  if (!Array.isArray(kinds)) return [wrongType(['kinds'], 'array', kinds)]
  if (kinds.length === 0) return [{ id: 'empty_list', path: ['kinds'], rule: 'length', params: { min: 1 } }]
  return kinds.every((kind) => changeKinds.includes(kind)) ? [] : [notOneOf(['kinds'], changeKinds)]
}

function urlViolations(method: unknown, url: unknown, addresses: TargetAddresses): readonly Violation[] {
  if (method === 'PUSH') return url == null ? [missing(['url'], 'url')] : eventTargetViolations(url, addresses)
  if (method !== 'POLL' || url == null) return []
  return [{ id: 'url_of_poll', path: ['url'], rule: 'format', params: { reason: 'method' } }]
}

/**
 * Reads the description of a new subscription.
 * @throws GatewayError `validationFailed` with every violation
 */
export function readEventSubscriptionInput(
  { reach, method, url = null, kinds = null }: EventSubscriptionInput,
  addresses: TargetAddresses,
): ValidEventSubscription {
  const violations = [
    ...choiceViolations('reach', reach, eventReaches),
    ...choiceViolations('method', method, eventMethods),
    ...urlViolations(method, url, addresses),
    ...kindsViolations(kinds),
  ]
  if (violations.length > 0) throw new GatewayError('validationFailed', { violations })
  const wanted = kinds as readonly ChangeKind[] | null // each type is checked above
  return {
    reach: reach as EventReach,
    method: method as EventMethod,
    url: url as string | null,
    kinds: wanted === null ? changeKinds : changeKinds.filter((kind) => wanted.includes(kind)),
  }
}
