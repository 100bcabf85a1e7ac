import { hash } from 'node:crypto'
import type { Caller } from '../domain/caller.ts'
import type { Broker, CallerRegistry, CallerStatus } from '../domain/caller-registry.ts'
import { GatewayError } from '../domain/errors.ts'
import { isUuid } from '../domain/uuid.ts'
import { createRecentAnswers } from './recent-answers.ts'
import { TokenRefused } from './token-refused.ts'

export interface AdmitCallerOptions {
  readonly registry: Pick<CallerRegistry, 'statusOf' | 'brokerOf'>
  /** Whether a client that acts through a broker must send the broker's key. */
  readonly enforceBrokerKey: boolean
  /** Milliseconds of a clock that is never set back. */
  readonly now?: () => number
}

/**
 * Checks the caller of a valid token in the registry. Neither client nor user may be blocked, and a client that acts
 * through a broker must send the broker's key. It returns no promise if it remembers the answers.
 *
 * If the registry does not answer, the caller gets `statusUnknown`. The policy throws that after all refusals that do
 * not need an answer.
 *
 * @returns the caller. A client that acts through a broker gets the broker's id, and keeps only the broker's scopes.
 * @throws TokenRefused `blocked`
 * @throws GatewayError `apiKeyMissing` or `apiKeyInvalid`
 */
export type AdmitCaller = (caller: Caller, apiKey: string | null) => Caller | Promise<Caller>

/** The texts that can be a secret of a connection and fit a header. Any other text needs no lookup. */
const secret = /^[ -~]{1,255}$/

const unknown = { kind: 'unknown' } as const
type BrokerAnswer = typeof unknown | ({ readonly kind: 'broker' } & Broker)

/** Makes the function that checks callers in the registry. */
export function createAdmitCaller({ registry, enforceBrokerKey, now }: AdmitCallerOptions): AdmitCaller {
  const statuses = createRecentAnswers<Caller, CallerStatus>({
    // An issuer may use any ids of users. Mithril's own are UUIDs.
    lookUp: ({ clientId, userId }) => registry.statusOf(clientId, userId !== null && isUuid(userId) ? userId : null),
    keyOf: ({ clientId, userId }) => `${clientId} ${userId}`,
    now,
  })
  const brokers = createRecentAnswers<string, BrokerAnswer>({
    lookUp: async (apiKey) => {
      const broker = secret.test(apiKey) ? await registry.brokerOf(apiKey) : null
      return broker === null ? unknown : { kind: 'broker', ...broker }
    },
    keyOf: (apiKey) => hash('sha256', apiKey, 'base64url'),
    now,
  })

  function throughBroker(caller: Caller, broker: BrokerAnswer): Caller {
    if (broker.kind === 'unknown') throw new GatewayError('apiKeyInvalid')
    const scopes = caller.scopes.filter((scope) => broker.scopes.includes(scope))
    return { ...caller, scopes, brokerClientId: broker.clientId }
  }

  function judge(known: Caller, status: CallerStatus, apiKey: string | null): Caller | Promise<Caller> {
    if (status.blocked) throw new TokenRefused('blocked')
    const caller = status.registered ? known : ({ ...known, isUnregistered: true } as const)
    if (!enforceBrokerKey || !status.throughBroker) return caller
    if (apiKey === null) throw new GatewayError('apiKeyMissing')
    const broker = brokers.ask(apiKey)
    if (!(broker instanceof Promise)) return throughBroker(caller, broker)
    return broker.then(
      (found) => throughBroker(caller, found),
      (error: unknown) => withUnknownStatus(caller, error),
    )
  }

  return (caller, apiKey) => {
    const status = statuses.ask(caller)
    if (!(status instanceof Promise)) return judge(caller, status, apiKey)
    return status.then(
      (found) => judge(caller, found, apiKey),
      (error: unknown) => withUnknownStatus(caller, error),
    )
  }
}

/** @throws every error except `unavailable` */
function withUnknownStatus(caller: Caller, error: unknown): Caller {
  if (error instanceof GatewayError && error.refusal === 'unavailable') return { ...caller, statusUnknown: error }
  throw error
}
