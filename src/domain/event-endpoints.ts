import type { EventSubscription } from './event-subscription.ts'
import type { TargetAddresses } from './event-target.ts'

/**
 * What became of a challenge. `ANSWERED`: the endpoint repeated it. `STATUS`: another status than 2xx. `ECHO`: another
 * answer. `ADDRESS`: the host has no address to which events may go. A name that does not exist looks the same, so
 * nobody can ask for names of the private network. `INTERRUPTED`: the gateway could not finish the challenge.
 */
export const challengeOutcomes = [
  'ANSWERED',
  'STATUS',
  'ECHO',
  'ADDRESS',
  'TIMEOUT',
  'TLS',
  'CONNECTION',
  'INTERRUPTED',
] as const

export type ChallengeOutcome = (typeof challengeOutcomes)[number]

/** The endpoints of subscriptions, as the operations need them. */
export interface EventEndpoints {
  readonly addresses: TargetAddresses
  /** The `source` of every event. */
  readonly source: string
  /** Asks the endpoint of a PUSH subscription to repeat a random text. It takes 6 s at most and never throws. */
  challenge(subscription: EventSubscription & { readonly url: string }): Promise<ChallengeOutcome>
  /** The present signing secret of a subscription, as Standard Webhooks writes it. */
  signingSecretOf(subscription: Pick<EventSubscription, 'id' | 'keyGeneration'>): string
}
