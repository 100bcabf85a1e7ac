import type { RotatedEventSubscription } from '../../domain/change-event-subscription.ts'
import type { CreatedEventSubscription } from '../../domain/create-event-subscription.ts'
import type { challengeOutcomes } from '../../domain/event-endpoints.ts'
import type { EventSubscription } from '../../domain/event-subscription.ts'
import type { ReplayPortion } from '../../domain/replay-events.ts'
import type { Builder } from '../builder.ts'
import { permitted } from '../permit-guard.ts'
import { prose } from '../prose.ts'
import type { ChangeKindRef } from './connection-change.ts'
import type { EventSubscriptionEnums, EventSubscriptionRef } from './event-subscription.ts'

interface EventMutationRefs {
  readonly EventSubscription: EventSubscriptionRef
  readonly enums: EventSubscriptionEnums
  readonly ChangeKind: ChangeKindRef
}

interface Input {
  readonly input: { readonly id: string }
}
const inputSubject = (_parent: unknown, { input: { id } }: Input) => ({ subscriptionId: id })

const secretOnce = 'It is shown here, once, and nowhere else.'

/** `Mutation.createEventSubscription`. */
function addCreate(builder: Builder, { EventSubscription, enums, ChangeKind }: EventMutationRefs): void {
  const ChallengeOutcome = builder.enumType('EventChallengeOutcome', {
    description: 'What became of a challenge: a random text that the endpoint has to repeat.',
    values: {
      ANSWERED: { description: 'The endpoint repeated it.' },
      STATUS: { description: 'The endpoint answered another status than 2xx.' },
      ECHO: { description: 'The answer did not repeat the challenge.' },
      ADDRESS: { description: 'The host has no address to which events may be sent.' },
      TIMEOUT: { description: 'The endpoint did not answer in time.' },
      TLS: { description: 'No TLS connection: the certificate or the protocol is not acceptable.' },
      CONNECTION: { description: 'No connection, or it broke before the answer.' },
      INTERRUPTED: { description: 'The gateway could not finish it. Verify the subscription again.' },
    } as const satisfies Record<(typeof challengeOutcomes)[number], object>,
  })
  const CreateInput = builder.inputType('CreateEventSubscriptionInput', {
    description: 'Which events, and how they reach the owner.',
    fields: (t) => ({
      clientId: t.id({
        required: false,
        description: prose`UUID of the client that owns the subscription. Without it, the own client; another one needs
          an admin type.`,
      }),
      reach: t.field({ type: enums.Reach, description: 'The connections whose events it receives.' }),
      method: t.field({ type: enums.Method, description: 'How the events reach the owner.' }),
      url: t.string({
        required: false,
        description: prose`Of \`PUSH\`: where the gateway posts the events. \`https://\`, port 443, a public host, at
          most 500 characters, and the rules of redirect URIs. Of \`POLL\`: none.`,
      }),
      kinds: t.field({
        type: [ChangeKind],
        required: false,
        description: 'The kinds of change. Without it, every kind.',
      }),
    }),
  })
  const CreatePayload = builder.objectRef<CreatedEventSubscription>('CreateEventSubscriptionPayload').implement({
    description: 'The new subscription, and its signing secret.',
    fields: (t) => ({
      eventSubscription: t.expose('subscription', { type: EventSubscription, description: 'The subscription.' }),
      secret: t.exposeString('secret', {
        nullable: true,
        description: `The signing secret of Standard Webhooks, \`whsec_…\`; null of \`POLL\`. ${secretOnce}`,
      }),
      challenge: t.expose('challenge', {
        type: ChallengeOutcome,
        nullable: true,
        description: prose`What became of the first challenge; null of \`POLL\`. Where it is not \`ANSWERED\`, the
          subscription is \`UNVERIFIED\`: mend the endpoint, then \`verifyEventSubscription\`.`,
      }),
    }),
  })
  builder.mutationField('createEventSubscription', (t) =>
    t.field({
      type: CreatePayload,
      nullable: true,
      description: prose`Subscribes a client to the events of changes. The endpoint of \`PUSH\` is challenged at once;
        until it has repeated the challenge it gets no event. A client may own 20 subscriptions (\`CONFLICT\` with the
        reason \`too_many_subscriptions\`). \`NOT_FOUND\` with the reason \`events_off\`: this gateway sends no
        events.`,
      args: { input: t.arg({ type: CreateInput, description: 'Which events, and how.' }) },
      authScopes: permitted('createEventSubscription', (_parent, { input }) => ({ clientId: input.clientId ?? '' })),
      resolve: (_parent, args, { operations, permits }) =>
        operations.createEventSubscription.run(permits.of(args), args.input),
    }),
  )
}

/** The mutations that change one subscription and return it. */
function addChanges(builder: Builder, { EventSubscription }: EventMutationRefs): void {
  const changes = [
    [
      'verifyEventSubscription',
      'Verify',
      prose`Challenges the endpoint again. Once it repeats the challenge, a subscription that is \`UNVERIFIED\` or
        \`OFF\` becomes \`ACTIVE\`. Where it does not, \`UNPROCESSABLE_ENTITY\` says why.`,
    ],
    [
      'pauseEventSubscription',
      'Pause',
      prose`Keeps the events of an active subscription until it is resumed. Another state is \`CONFLICT\` with the
        reason \`subscription_state\`.`,
    ],
    [
      'resumeEventSubscription',
      'Resume',
      prose`Goes on with the delivery of a paused subscription. Another state is \`CONFLICT\` with the reason
        \`subscription_state\`.`,
    ],
    ['deleteEventSubscription', 'Delete', 'Deletes a subscription. Its waiting events are no longer delivered.'],
  ] as const
  for (const [operation, verb, description] of changes) {
    const inputOf = builder.inputType(`${verb}EventSubscriptionInput`, {
      description: 'Which subscription.',
      fields: (t) => ({ id: t.id({ description: 'UUID of the subscription.' }) }),
    })
    const payload = builder
      .objectRef<{ readonly eventSubscription: EventSubscription }>(`${verb}EventSubscriptionPayload`)
      .implement({
        description: verb === 'Delete' ? 'The subscription as it was.' : 'The subscription as it is now.',
        fields: (t) => ({
          eventSubscription: t.expose('eventSubscription', {
            type: EventSubscription,
            description: 'The subscription, without its secret.',
          }),
        }),
      })
    builder.mutationField(operation, (t) =>
      t.field({
        type: payload,
        nullable: true,
        description,
        args: { input: t.arg({ type: inputOf, description: 'Which subscription.' }) },
        authScopes: permitted(operation, inputSubject),
        resolve: async (_parent, args, { operations, permits }) => ({
          eventSubscription: await operations[operation].run(permits.of(args)),
        }),
      }),
    )
  }
}

/** `Mutation.rotateEventSubscriptionKey` and `Mutation.replayEvents`. */
function addRotationAndReplay(builder: Builder, { EventSubscription }: EventMutationRefs): void {
  const RotateInput = builder.inputType('RotateEventSubscriptionKeyInput', {
    description: 'Which subscription gets a new signing secret.',
    fields: (t) => ({ id: t.id({ description: 'UUID of the subscription.' }) }),
  })
  const RotatePayload = builder.objectRef<RotatedEventSubscription>('RotateEventSubscriptionKeyPayload').implement({
    description: 'The subscription, and its new signing secret.',
    fields: (t) => ({
      eventSubscription: t.expose('subscription', { type: EventSubscription, description: 'The subscription.' }),
      secret: t.exposeString('secret', { description: `The new signing secret, \`whsec_…\`. ${secretOnce}` }),
    }),
  })
  builder.mutationField('rotateEventSubscriptionKey', (t) =>
    t.field({
      type: RotatePayload,
      nullable: true,
      description: prose`Gives a \`PUSH\` subscription a new signing secret. For 24 hours each event has signatures by
        the two secrets before, too, so the endpoint has time to change over.`,
      args: { input: t.arg({ type: RotateInput, description: 'Which subscription.' }) },
      authScopes: permitted('rotateEventSubscriptionKey', inputSubject),
      resolve: (_parent, args, { operations, permits }) => operations.rotateEventSubscriptionKey.run(permits.of(args)),
    }),
  )

  const ReplayInput = builder.inputType('ReplayEventsInput', {
    description: 'Which events of which subscription: those of a time, or those of one connection.',
    fields: (t) => ({
      id: t.id({ description: 'UUID of the subscription.' }),
      from: t.field({ type: 'DateTime', required: false, description: 'The beginning of the time.' }),
      to: t.field({
        type: 'DateTime',
        required: false,
        description: 'The end of the time, which no longer belongs to it.',
      }),
      connectionId: t.id({ required: false, description: 'UUID of the connection, instead of a time.' }),
      after: t.string({
        required: false,
        description: 'The `after` of the replay before. The replay goes on there, in the same range.',
      }),
    }),
  })
  const ReplayPayload = builder.objectRef<ReplayPortion>('ReplayEventsPayload').implement({
    description: 'How many events are delivered again.',
    fields: (t) => ({
      queued: t.exposeInt('queued', {
        description: 'Events that were queued. Those that were waiting already do not count.',
      }),
      hasMore: t.exposeBoolean('hasMore', {
        description: 'Whether there are more than the 10,000 of one replay. The next one with `after` brings them.',
      }),
      after: t.exposeString('after', {
        nullable: true,
        description: 'A cursor for the next replay of the same range; null where nothing is left.',
      }),
    }),
  })
  builder.mutationField('replayEvents', (t) =>
    t.field({
      type: ReplayPayload,
      nullable: true,
      description: prose`Delivers events again, in order and with the ids they had, as far back as the audit goes. The
        subscription has to be active or paused; otherwise \`CONFLICT\` with the reason \`subscription_state\`.`,
      args: { input: t.arg({ type: ReplayInput, description: 'Which events.' }) },
      authScopes: permitted('replayEvents', inputSubject),
      resolve: (_parent, args, { operations, permits }) => operations.replayEvents.run(permits.of(args), args.input),
    }),
  )
}

/** The mutations of subscriptions. Each is nullable, as the mutations of connections are. */
export function addEventMutations(builder: Builder, refs: EventMutationRefs): void {
  addCreate(builder, refs)
  addChanges(builder, refs)
  addRotationAndReplay(builder, refs)
}
