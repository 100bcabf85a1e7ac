import type { Call } from './call.ts'
import { GatewayError } from './errors.ts'
import type { EventSubscription } from './event-subscription.ts'
import type { DeliveryState, EventDelivery } from './event-subscription-store.ts'
import { ListArguments, type OptionalArgument, type PageArguments } from './list-arguments.ts'
import { type EventDeps, findOwned, mayActOn, mayReach, partsOfEvents } from './owned-subscription.ts'
import { emptyPage, type Page, type PageRequest } from './page.ts'
import type { Permit, Permits } from './permit.ts'
import { isUuid } from './uuid.ts'

export interface ReadEventSubscriptionsDeps extends EventDeps {
  readonly permits: Permits
}

/** The subscriptions of one client, oldest first. */
export interface ListEventSubscriptions {
  /** Without a client: an admin type asks for the subscriptions of all clients, any other caller for its own ones. */
  permit(call: Call, subject?: { readonly clientId?: string }): Permit | Promise<Permit>
  run(permit: Permit, page: PageArguments): Promise<Page<EventSubscription>>
}

/** The client that an operation acts on if the caller names none: its own one, if it may act on no other. */
export const clientOrOwn = ({ policy }: Pick<EventDeps, 'policy'>, { caller }: Call, clientId = ''): string =>
  clientId === '' && caller !== null && !policy.seesAllClients(caller) ? caller.clientId : clientId

/** @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `eventsOff`, `validationFailed`, `unavailable` */
export function createListEventSubscriptions(deps: ReadEventSubscriptionsDeps): ListEventSubscriptions {
  const { permits } = deps
  return {
    permit: (call, { clientId } = {}) =>
      permits.give(call, 'listEventSubscriptions', { clientId: clientOrOwn(deps, call, clientId) }),
    async run(given, page) {
      const { clientId } = await permits.confirm(given, 'listEventSubscriptions')
      const { subscriptions } = partsOfEvents(deps)
      const list = new ListArguments()
      const request = list.page(page, 'time')
      list.done()
      if (clientId === '') return subscriptions.page(null, request)
      return isUuid(clientId) ? subscriptions.page(clientId, request) : emptyPage(request)
    },
  }
}

/** One subscription. null: it does not exist, or it belongs to another client. */
export interface ReadEventSubscription {
  permit(call: Call, subject: { readonly subscriptionId: string }): Permit | Promise<Permit>
  run(permit: Permit): Promise<EventSubscription | null>
}

/** @throws GatewayError `accessDenied`, `invalidScopes`, `eventsOff` or `unavailable` */
export function createReadEventSubscription(deps: ReadEventSubscriptionsDeps): ReadEventSubscription {
  const { permits } = deps
  return {
    permit: (call, subject) => permits.give(call, 'readEventSubscription', subject),
    run: async (given) => findOwned(deps, await permits.confirm(given, 'readEventSubscription')),
  }
}

export interface ListEventDeliveriesInput {
  readonly state?: OptionalArgument<DeliveryState>
  readonly page: PageArguments
}

/** The deliveries of a subscription that the caller has read. */
export interface DeliveriesOf {
  readonly permit: Permit
  readonly subscription: EventSubscription
}

/** A page of each subscription's deliveries, newest event first. */
export interface ListEventDeliveries {
  permit(call: Call, subject: { readonly subscriptionId: string }): Permit | Promise<Permit>
  /** In the order of the subscriptions. A refusal concerns one of them. */
  run(
    of: readonly DeliveriesOf[],
    input: ListEventDeliveriesInput,
  ): Promise<readonly (Page<EventDelivery> | GatewayError)[]>
  /** Throws the refusal that `run` would throw for the arguments. */
  check(page: PageArguments): void
}

/** A name that does not exist looks like a private one, as in the outcome of a challenge. */
const shown = (delivery: EventDelivery): EventDelivery =>
  delivery.lastFailure === 'name' ? { ...delivery, lastFailure: 'address' } : delivery

/** @throws GatewayError `accessDenied`, `invalidScopes`, `eventsOff`, `forbidden`, `validationFailed`, `unavailable` */
export function createListEventDeliveries(deps: ReadEventSubscriptionsDeps): ListEventDeliveries {
  const { permits } = deps

  function requestOf(page: PageArguments): PageRequest {
    const list = new ListArguments()
    const request = list.page(page, 'number')
    list.done()
    return request
  }

  return {
    permit: (call, subject) => permits.give(call, 'listEventDeliveries', subject),
    check: (page) => void requestOf(page),
    async run(of, { state = null, page }) {
      const readable: string[] = []
      for (const { permit, subscription } of of) {
        const confirmed = await permits.confirm(permit, 'listEventDeliveries')
        if (confirmed.subscriptionId !== subscription.id || !mayActOn(deps, confirmed, subscription))
          throw new GatewayError('forbidden')
        // The deliveries name connections of all clients.
        if (mayReach(deps, confirmed, subscription)) readable.push(subscription.id)
      }
      const { subscriptions } = partsOfEvents(deps)
      const request = requestOf(page)
      const pages = await subscriptions.deliveriesOf(readable, state, request)
      const pageOf = new Map(readable.map((id, index) => [id, pages[index]]))
      return of.map(({ subscription }) => {
        const page = pageOf.get(subscription.id)
        if (page === undefined) return new GatewayError('forbidden')
        return { ...page, items: page.items.map(({ item, cursor }) => ({ item: shown(item), cursor })) }
      })
    },
  }
}
