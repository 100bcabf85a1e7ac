import type { EventsConfig } from '../config/shape.ts'
import type { ChallengeOutcome, EventEndpoints } from '../domain/event-endpoints.ts'
import type { TargetAddresses } from '../domain/event-target.ts'
import { type ChallengeResult, createChallenge } from './challenge.ts'
import { createSender } from './sender.ts'
import { signingSecretOf } from './signing-secret.ts'

/** A person or a program waits for the outcome, and the end of the process waits for the request. */
const challengeTimeoutMs = 8_000

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

/** The endpoints of subscriptions for the operations. `close` interrupts challenges. */
export function openEventEndpoints(
  { signingKey, source }: EventsConfig,
  addresses: TargetAddresses,
): EventEndpoints & { close(): void } {
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
    close: () => sender.close(),
  }
}
