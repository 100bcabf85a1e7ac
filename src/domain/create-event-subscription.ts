import { randomUUID } from 'node:crypto'
import type { Call } from './call.ts'
import type { ClientStore } from './client.ts'
import { GatewayError } from './errors.ts'
import type { ChallengeOutcome } from './event-endpoints.ts'
import type { EventSubscription } from './event-subscription.ts'
import { type EventSubscriptionInput, readEventSubscriptionInput } from './event-subscription-input.ts'
import { subscriptionsAtMost } from './event-subscription-store.ts'
import { type EventDeps, type EventParts, partsOfEvents } from './owned-subscription.ts'
import type { Permit, Permits } from './permit.ts'
import { isUuid } from './uuid.ts'

/** Creates a subscription of events. */
export interface CreateEventSubscription {
  /** Without a client: the caller's own one. */
  permit(call: Call, subject?: { readonly clientId?: string }): Permit | Promise<Permit>
  run(permit: Permit, input: EventSubscriptionInput): Promise<CreatedEventSubscription>
}

/** A new subscription. Only this answer and that of a rotation hold a signing secret. */
export interface CreatedEventSubscription {
  readonly subscription: EventSubscription
  /** null: the method is `POLL`, which needs no signature. */
  readonly secret: string | null
  /** null: the method is `POLL`, which has no endpoint. */
  readonly challenge: ChallengeOutcome | null
}

export interface CreateEventSubscriptionDeps extends EventDeps {
  readonly permits: Permits
  readonly clients: Pick<ClientStore, 'find'>
}

/**
 * Challenges the endpoint of a new subscription. It throws nothing: an error would lose the secret, which is shown only
 * once.
 */
async function firstChallenge(
  { subscriptions, endpoints }: EventParts,
  subscription: EventSubscription,
  permit: Permit,
): Promise<Pick<CreatedEventSubscription, 'subscription' | 'challenge'>> {
  const { url } = subscription
  if (url === null) return { subscription, challenge: null }
  const challenge = await endpoints.challenge({ ...subscription, url })
  if (challenge !== 'ANSWERED') return { subscription, challenge }
  try {
    return { subscription: (await subscriptions.activate(subscription.id, permit)) ?? subscription, challenge }
  } catch {
    return { subscription, challenge: 'INTERRUPTED' }
  }
}

/**
 * A `PUSH` subscription is active once its endpoint has repeated the challenge. A challenge that fails is no refusal:
 * the owner enters the secret at the endpoint first, and then has it verified.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `tooManyRequests`, `eventsOff`,
 *   `validationFailed`, `notFound` (of a client that does not exist), `tooManySubscriptions` or `unavailable`
 */
export function createCreateEventSubscription(deps: CreateEventSubscriptionDeps): CreateEventSubscription {
  const { permits, clients, policy } = deps

  /** Reach `ALL` is for the own client of an admin type. */
  function requireReachOf({ caller, clientId }: Permit, reach: unknown): void {
    if (reach !== 'ALL') return
    if (!policy.seesAllClients(caller)) throw new GatewayError('forbidden')
    if (caller.clientId !== clientId)
      throw new GatewayError('validationFailed', {
        violations: [{ id: 'reach_all', path: ['reach'], rule: 'format', params: { reason: 'owner' } }],
      })
  }

  return {
    permit: (call, { clientId = '' } = {}) =>
      permits.give(call, 'createEventSubscription', { clientId: clientId || (call.caller?.clientId ?? '') }),
    async run(given, input) {
      const permit = await permits.confirm(given, 'createEventSubscription')
      const parts = partsOfEvents(deps)
      requireReachOf(permit, input.reach)
      const wanted = readEventSubscriptionInput(input, parts.endpoints.addresses)
      const { clientId, caller } = permit
      if (clientId !== caller.clientId && (!isUuid(clientId) || (await clients.find(clientId)) === null))
        throw new GatewayError('notFound')
      const created = await parts.subscriptions.create({ id: randomUUID(), ownerClientId: clientId, ...wanted }, permit)
      if (created === null) throw new GatewayError('tooManySubscriptions', { max: subscriptionsAtMost })
      const secret = created.method === 'PUSH' ? parts.endpoints.signingSecretOf(created) : null
      return { ...(await firstChallenge(parts, created, permit)), secret }
    },
  }
}
