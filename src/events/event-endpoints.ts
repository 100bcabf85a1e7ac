import type { EventsConfig } from '../config/shape.ts'
import type { ChallengeOutcome, EventEndpoints } from '../domain/event-endpoints.ts'
import type { TargetAddresses } from '../domain/event-target.ts'
import type { Log } from '../observability/log.ts'
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

/** The name and the code of an exception and of its cause. Their messages may hold a target, and are left out. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const name = 'code' in error ? `${error.name} ${String(error.code)}` : error.name
  return error.cause === undefined ? name : `${name} <- ${describeFault(error.cause)}`
}

/** The endpoints of subscriptions for the operations. `interrupt` ends the challenges that are under way. */
export function openEventEndpoints(
  { signingKey, source }: EventsConfig,
  addresses: TargetAddresses,
  log: Log,
): EventEndpoints & { interrupt(): void } {
  const sender = createSender({ addresses, timeoutMs: challengeTimeoutMs })
  const challenge = createChallenge({ sender, signingKey, source })
  return {
    addresses,
    source,
    challenge: (subscription) =>
      challenge(subscription).then(
        (result) => outcomes[result],
        (error: unknown) => {
          const { id: subscriptionId } = subscription
          log.warn({ subscriptionId, reason: describeFault(error) }, 'a challenge failed in the gateway itself')
          return 'INTERRUPTED' as const
        },
      ),
    signingSecretOf: ({ id, keyGeneration }) => signingSecretOf(signingKey, id, keyGeneration),
    interrupt: () => sender.close(),
  }
}
