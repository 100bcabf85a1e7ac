import { eventIdOf } from '../../domain/event.ts'
import type { EventSubscription, eventMethods, eventReaches } from '../../domain/event-subscription.ts'
import type { EventDelivery } from '../../domain/event-subscription-store.ts'
import type { CursorArguments } from '../../domain/list-arguments.ts'
import type { Builder } from '../builder.ts'
import { permitted } from '../permit-guard.ts'
import { prose } from '../prose.ts'
import type { ChangeKindRef } from './connection-change.ts'
import { addPage, type PageInfoRef } from './page.ts'
import { selects } from './selection.ts'

export type EventSubscriptionRef = ReturnType<typeof addEventSubscription>['EventSubscription']
export type EventSubscriptionEnums = ReturnType<typeof addEnums>

function addEnums(builder: Builder) {
  return {
    Reach: builder.enumType('EventReach', {
      description: 'The connections whose events a subscription receives.',
      values: {
        CLIENT: { description: 'Those of which its owner is the client.' },
        CONSUMER: { description: 'Those of which its owner is the consumer.' },
        ALL: { description: 'Every connection. For owners of an admin type only.' },
      } as const satisfies Record<(typeof eventReaches)[number], object>,
    }),
    Method: builder.enumType('EventMethod', {
      description: 'How events reach the owner of a subscription.',
      values: {
        PUSH: { description: 'The gateway posts each event, signed, to `url`.' },
        POLL: { description: 'The owner fetches the events over REST, and acknowledges them.' },
      } as const satisfies Record<(typeof eventMethods)[number], object>,
    }),
  }
}

/** `EventDelivery` and its page. */
function addDeliveries(builder: Builder, PageInfo: PageInfoRef) {
  const DeliveryState = builder.enumType('EventDeliveryState', {
    description: 'What became of the delivery of an event.',
    values: {
      PENDING: { description: 'It waits: for its turn, for the next attempt, or for the owner who polls.' },
      DELIVERED: { description: 'The endpoint took it, or the owner acknowledged it.' },
      DEAD: { description: 'All attempts failed. A replay sends it again.' },
    } as const,
  })
  const Delivery = builder.objectRef<EventDelivery>('EventDelivery').implement({
    description: 'One event on its way to one subscription.',
    fields: (t) => ({
      eventId: t.string({
        description: prose`Id of the event: \`chg_\` and the number of the change. It is the same in every attempt,
          replay and poll, and in every subscription.`,
        resolve: ({ number }) => eventIdOf(number),
      }),
      connectionId: t.exposeID('connectionId', { description: 'UUID of the connection that was changed.' }),
      state: t.expose('state', { type: DeliveryState, description: 'What became of it.' }),
      attempts: t.exposeInt('attempts', { description: 'Attempts that came to an end.' }),
      nextAttemptAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When the next attempt is due, UTC; null where there is none.',
        resolve: ({ state, nextAttemptAt }) => (state === 'PENDING' ? nextAttemptAt : null),
      }),
      lastStatus: t.exposeInt('lastStatus', {
        nullable: true,
        description: 'HTTP status of the latest answer; null where there was none.',
      }),
      lastFailure: t.exposeString('lastFailure', {
        nullable: true,
        description: prose`Why the latest attempt failed, a word for programs: \`status\`, \`address\`, \`timeout\`,
          \`tls\`, \`connection\`, \`stopped\`, \`archived\` or \`expired\`; null where it did not.`,
      }),
      endedAt: t.expose('endedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When it was delivered or given up, UTC; null while it waits.',
      }),
    }),
  })
  return { DeliveryState, DeliveryPage: addPage(builder, PageInfo, 'EventDelivery', Delivery) }
}

/** `EventSubscription`, its enums and its page. */
export function addEventSubscription(
  builder: Builder,
  { PageInfo, ChangeKind }: { readonly PageInfo: PageInfoRef; readonly ChangeKind: ChangeKindRef },
) {
  const enums = addEnums(builder)
  const { DeliveryState, DeliveryPage } = addDeliveries(builder, PageInfo)
  const State = builder.enumType('EventSubscriptionState', {
    description: 'Whether a subscription receives events.',
    values: {
      UNVERIFIED: { description: 'Its endpoint has not repeated the challenge yet. It receives no event.' },
      ACTIVE: { description: 'Events are delivered.' },
      PAUSED: { description: 'Events wait until it is resumed.' },
      OFF: {
        description: prose`The gateway gave the endpoint up: it answered 410, or failed for five days. It receives no
          event until it is verified; a replay brings those of the time between.`,
      },
    } as const,
  })
  const pageOf = (list: Omit<CursorArguments, 'by' | 'withTotal'>, withTotal: boolean) =>
    ({ by: 'cursor', ...list, withTotal }) as const
  const EventSubscription = builder.objectRef<EventSubscription>('EventSubscription').implement({
    description: prose`The events of changes that one client receives, and how. Its signing secret is shown only where
      it is made.`,
    fields: (t) => ({
      id: t.exposeID('id', { description: 'UUID of the subscription.' }),
      clientId: t.exposeID('ownerClientId', { description: 'UUID of the client that owns the subscription.' }),
      reach: t.expose('reach', { type: enums.Reach, description: 'The connections whose events it receives.' }),
      method: t.expose('method', { type: enums.Method, description: 'How the events reach the owner.' }),
      url: t.exposeString('url', {
        nullable: true,
        description: 'Of `PUSH`: where the gateway posts the events; null of `POLL`.',
      }),
      kinds: t.field({
        type: [ChangeKind],
        description: 'The kinds of change whose events it receives.',
        resolve: ({ kinds }) => kinds,
      }),
      state: t.expose('state', { type: State, description: 'Whether it receives events.' }),
      keyRotatedAt: t.expose('keyRotatedAt', {
        type: 'DateTime',
        nullable: true,
        description: prose`When its signing secret was rotated, UTC; null where never. For 24 hours the gateway signs
          with the two secrets before, too.`,
      }),
      failingSince: t.expose('failingSince', {
        type: 'DateTime',
        nullable: true,
        description: 'The first failure in a row, UTC; null where the latest attempt succeeded.',
      }),
      insertedAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created, UTC.' }),
      deliveries: t.field({
        type: DeliveryPage,
        nullable: true,
        description: prose`Its deliveries of the last weeks, newest event first. Null only together with an error.`,
        args: {
          first: t.arg.int({ required: false, defaultValue: 20, description: 'How many, from 1 to 100.' }),
          after: t.arg.string({ required: false, description: 'Begin after this cursor.' }),
          state: t.arg({ type: DeliveryState, required: false, description: 'Only those in this state.' }),
        },
        authScopes: permitted(
          'listEventDeliveries',
          ({ id }: EventSubscription) => ({ subscriptionId: id }),
          ({ first, after }, { listEventDeliveries }) => listEventDeliveries.check(pageOf({ first, after }, false)),
        ),
        resolve: (subscription, args, { loaders, permits }, info) => {
          const { state, ...list } = args
          const page = pageOf(list, selects(info, 'totalCount'))
          return loaders.deliveriesOf({ state, page }, { permit: permits.of(args), subscription })
        },
      }),
    }),
  })
  return { EventSubscription, enums }
}

/** `Query.eventSubscriptions` and `Query.eventSubscription`. */
export function addEventQueries(builder: Builder, PageInfo: PageInfoRef, EventSubscription: EventSubscriptionRef) {
  builder.queryField('eventSubscriptions', (t) =>
    t.field({
      type: addPage(builder, PageInfo, 'EventSubscription', EventSubscription),
      nullable: true,
      description: prose`The subscriptions of a client to the events of changes, oldest first. Null only together with
        an error: \`NOT_FOUND\` with the reason \`events_off\` where this gateway sends no events.`,
      args: {
        first: t.arg.int({ required: false, defaultValue: 20, description: 'How many, from 1 to 100.' }),
        after: t.arg.string({ required: false, description: 'Begin after this cursor.' }),
        clientId: t.arg.id({
          required: false,
          description: prose`UUID of the client. Without it, a caller of an admin type gets those of all clients, any
            other caller its own ones.`,
        }),
      },
      authScopes: permitted('listEventSubscriptions', (_parent, { clientId }) => ({ clientId: clientId ?? '' })),
      resolve: (_parent, args, { operations, permits }, info) => {
        const { clientId: _, ...list } = args
        const page = { by: 'cursor', ...list, withTotal: selects(info, 'totalCount') } as const
        return operations.listEventSubscriptions.run(permits.of(args), page)
      },
    }),
  )

  builder.queryField('eventSubscription', (t) =>
    t.field({
      type: EventSubscription,
      nullable: true,
      description: 'One subscription, or null where the caller has none with this id.',
      args: { id: t.arg.id({ description: 'UUID of the subscription.' }) },
      authScopes: permitted('readEventSubscription', (_parent, { id }) => ({ subscriptionId: id })),
      resolve: (_parent, args, { operations, permits }) => operations.readEventSubscription.run(permits.of(args)),
    }),
  )
}
