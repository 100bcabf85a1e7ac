import { randomBytes } from 'node:crypto'
import { eventHeaders } from './event-headers.ts'
import { isSuccess, type Sender, SendFailure } from './sender.ts'
import { signingSecretsOf } from './signing-secret.ts'

/** The type of the message that asks an endpoint whether it wants the events. */
export const challengeType = 'ua.ehealth.mithril.subscription.challenge'

export interface ChallengedSubscription {
  readonly id: string
  readonly url: string
  readonly keyGeneration: number
  readonly keyRotatedAt: Date | null
}

/**
 * The endpoint's answer to a challenge. `answered`: it has repeated the challenge. Otherwise the reason: `status`,
 * `echo` (another answer), or a reason of the sender.
 */
export type ChallengeResult = 'answered' | 'status' | 'echo' | SendFailure['reason']

/**
 * Asks an endpoint to repeat a random text, so that nobody can have events sent to a server of somebody else. The
 * endpoint answers 2xx with the text alone, or with JSON: `{"challenge": "…"}`.
 */
export function createChallenge(deps: {
  readonly sender: Sender
  readonly signingKey: Uint8Array
  readonly source: string
}) {
  return async ({ url, ...subscription }: ChallengedSubscription): Promise<ChallengeResult> => {
    const challenge = randomBytes(32).toString('base64url')
    const now = new Date()
    const id = `chl_${randomBytes(12).toString('hex')}`
    const body = JSON.stringify({
      specversion: '1.0',
      id,
      source: deps.source,
      type: challengeType,
      subject: subscription.id,
      time: now.toISOString(),
      datacontenttype: 'application/json',
      data: { challenge },
    })
    const secrets = signingSecretsOf(deps.signingKey, subscription, now)
    try {
      const answer = await deps.sender.post(url, eventHeaders(id, body, secrets, now), body)
      if (!isSuccess(answer)) return 'status'
      return repeats(answer.body, challenge) ? 'answered' : 'echo'
    } catch (error) {
      if (error instanceof SendFailure) return error.reason
      throw error
    }
  }
}

function repeats(body: string, challenge: string): boolean {
  if (body.trim() === challenge) return true
  try {
    const document: unknown = JSON.parse(body)
    return (
      typeof document === 'object' && document !== null && 'challenge' in document && document.challenge === challenge
    )
  } catch {
    return false
  }
}
