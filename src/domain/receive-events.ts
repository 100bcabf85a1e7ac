import type { Call } from './call.ts'
import { GatewayError } from './errors.ts'
import { eventOf, numberOfEventId } from './event.ts'
import type { EventSubscription } from './event-subscription.ts'
import { polledAtMost, waitAtMostSeconds } from './event-waits.ts'
import { ListArguments, type OptionalArgument } from './list-arguments.ts'
import { type EventDeps, ownedSubscription, partsOfEvents, requireReach } from './owned-subscription.ts'
import type { Permit, Permits } from './permit.ts'
import { missing, type Violation, wrongType } from './violation.ts'

export interface ReceiveEventsDeps extends EventDeps {
  readonly permits: Permits
}

export interface ReceiveEventsInput {
  /** Events at most. NaN: the caller sent a value that is no whole number. */
  readonly max?: OptionalArgument<number>
  /** Seconds to wait if no event is there. NaN: the caller sent a value that is no whole number. */
  readonly wait?: OptionalArgument<number>
  /** Arguments that the caller has sent more than once. */
  readonly repeated: readonly string[]
  /** Aborted: the caller has left. */
  readonly signal: AbortSignal
}

/** The oldest events that a POLL subscription has not acknowledged, in the order of their numbers. */
export interface ReceiveEvents {
  permit(call: Call, subject: { readonly subscriptionId: string }): Permit | Promise<Permit>
  run(permit: Permit, input: ReceiveEventsInput): Promise<readonly ReturnType<typeof eventOf>[]>
}

/** @throws GatewayError `subscriptionState` for a PUSH subscription, and as `ownedSubscription` and `requireReach` */
async function polledSubscription(deps: EventDeps, permit: Permit): Promise<EventSubscription> {
  const found = await ownedSubscription(deps, permit)
  requireReach(deps, permit, found)
  if (found.method !== 'POLL') throw new GatewayError('subscriptionState', { current: found })
  return found
}

/**
 * Events stay until they are acknowledged, so a poll that is repeated answers the same ones. A poll without events
 * waits for the first one, if the caller asks for it.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `eventsOff`, `validationFailed`, `notFound`, `forbidden`,
 *   `subscriptionState`, `tooManyWaits` or `unavailable`
 */
export function createReceiveEvents(deps: ReceiveEventsDeps): ReceiveEvents {
  const { permits } = deps
  return {
    permit: (call, subject) => permits.give(call, 'receiveEvents', subject),
    async run(given, { signal, repeated, ...input }) {
      const permit = await permits.confirm(given, 'receiveEvents')
      const { subscriptions, endpoints, waits } = partsOfEvents(deps)
      const list = new ListArguments()
      list.once(repeated)
      const max = list.count('max', input.max, { min: 1, max: polledAtMost }) ?? polledAtMost
      const seconds = list.count('wait', input.wait, { min: 0, max: waitAtMostSeconds }) ?? 0
      list.done()

      const until = performance.now() + seconds * 1_000
      const read = async (found: EventSubscription) => [found, await subscriptions.waiting(found.id, max)] as const
      const first = await waits.inTurn(async () => read(await polledSubscription(deps, permit)))
      const [subscription] = first
      let [, changes] = first
      const { id } = subscription
      // An event that another poll acknowledges first leaves nothing to answer, so the rest of the time is waited, too.
      for (let ms = until - performance.now(); changes.length === 0 && ms > 0; ms = until - performance.now()) {
        const wait = { subscriptionId: id, clientId: permit.caller.clientId, ms, signal }
        if ((await waits.wait(wait)) === 'over') break
        changes = await waits.inTurn(async () => {
          if (signal.aborted) return []
          // Mithril may have blocked the caller meanwhile, or given it another type.
          requireReach(deps, await permits.confirm(given, 'receiveEvents'), subscription)
          return subscriptions.waiting(id, max)
        })
      }
      return changes.map((change) => eventOf(change, endpoints.source))
    },
  }
}

/** Ids that one acknowledgement names at most. */
const acknowledgedAtMost = 1_000
const greatestNumber = 2n ** 63n - 1n

/** Acknowledges events, so that no poll answers them again. Returns how many of them were waiting. */
export interface AcknowledgeEvents {
  permit(call: Call, subject: { readonly subscriptionId: string }): Permit | Promise<Permit>
  run(permit: Permit, input: { readonly ids: unknown }): Promise<number>
}

/** The numbers of ids of events, or what is wrong with the ids. */
function numbersOf(ids: unknown): readonly string[] | Violation {
  if (ids === undefined) return missing(['ids'], 'ids')
  if (!Array.isArray(ids)) return wrongType(['ids'], 'array', ids)
  const numbers = ids.map((id) => (typeof id === 'string' ? numberOfEventId(id) : null))
  const known = numbers.filter((number) => number !== null && BigInt(number) <= greatestNumber) as string[]
  if (known.length === ids.length && ids.length > 0 && ids.length <= acknowledgedAtMost) return known
  return { id: 'event_ids', path: ['ids'], rule: 'format', params: { max: acknowledgedAtMost } }
}

/**
 * Any order, and any event that waits: the receiver knows what it has stored. An id that does not wait is no error, so
 * an acknowledgement may be repeated.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `eventsOff`, `validationFailed`, `notFound`, `forbidden`,
 *   `subscriptionState` or `unavailable`
 */
export function createAcknowledgeEvents(deps: ReceiveEventsDeps): AcknowledgeEvents {
  const { permits } = deps
  return {
    permit: (call, subject) => permits.give(call, 'acknowledgeEvents', subject),
    async run(given, { ids }) {
      const permit = await permits.confirm(given, 'acknowledgeEvents')
      const { subscriptions, waits } = partsOfEvents(deps)
      const numbers = numbersOf(ids)
      if ('id' in numbers) throw new GatewayError('validationFailed', { violations: [numbers] })
      return waits.inTurn(async () => {
        const { id } = await polledSubscription(deps, permit)
        return subscriptions.acknowledge(id, numbers)
      })
    },
  }
}
