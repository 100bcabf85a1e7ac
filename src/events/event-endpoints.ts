import type { EventsConfig } from '../config/shape.ts'
import type { ChallengeOutcome, EventEndpoints } from '../domain/event-endpoints.ts'
import type { TargetAddresses } from '../domain/event-target.ts'
import { type ChallengeResult, createChallenge } from './challenge.ts'
import { createSender } from './sender.ts'
import { signingSecretOf } from './signing-secret.ts'

/** A request waits for the outcome, and a document of GraphQL may hold five challenges. */
const challengeTimeoutMs = 6_000

const outcomes: Readonly<Record<ChallengeResult, ChallengeOutcome>> = {
  answered: 'ANSWERED',
  status: 'STATUS',
  echo: 'ECHO',
  address: 'ADDRESS',
  name: 'ADDRESS',
  timeout: 'TIMEOUT',
  tls: 'TLS',
  connection: 'CONNECTION',
  stopped: 'INTERRUPTED',
}

/** The endpoints of subscriptions for the operations. `interrupt` ends the challenges that are under way. */
export function openEventEndpoints(
  { signingKey, source }: EventsConfig,
  addresses: TargetAddresses,
): EventEndpoints & { interrupt(): void } {
  const sender = createSender({ addresses, timeoutMs: challengeTimeoutMs })
  const challenge = createChallenge({ sender, signingKey, source })
  return {
    addresses,
    source,
    challenge: (subscription) =>
      challenge(subscription).then(
        (result) => outcomes[result],
        () => 'INTERRUPTED' as const,
      ),
    signingSecretOf: ({ id, keyGeneration }) => signingSecretOf(signingKey, id, keyGeneration),
    interrupt: () => sender.close(),
  }
}
