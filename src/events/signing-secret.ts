import { hkdfSync } from 'node:crypto'

/** The size of a secret, within the 24 to 64 bytes of Standard Webhooks 1.0. */
const secretBytes = 32

/** After a rotation the gateway signs with the secrets before, too, for this time. */
export const rotationLastsMs = 24 * 3_600_000

/**
 * The signing secret of a subscription: `whsec_` and base64, as Standard Webhooks writes it. HKDF (RFC 5869) derives it
 * from the key of the installation, so the database holds no secret. Another id or generation has another secret.
 * @param key `EVENT_SIGNING_KEY`
 * @param generation The number of the secret, which each rotation increases.
 */
export function signingSecretOf(key: Uint8Array, subscriptionId: string, generation: number): string {
  const purpose = `mithril-gateway event-subscription ${subscriptionId} ${generation}`
  return `whsec_${Buffer.from(hkdfSync('sha256', key, '', purpose, secretBytes)).toString('base64')}`
}

/**
 * The secrets that sign at the same time. A rotation must not be refused: the secret may have been stolen. So the third
 * one within a day ends the oldest secret at once.
 */
const secretsAtMost = 3

/**
 * The secrets that count now: the present one and, within a day of its rotation, the two before. One of these may be
 * older than a day. It does no harm, because a receiver that has dropped it finds the signature of another one.
 */
export function signingSecretsOf(
  key: Uint8Array,
  {
    id,
    keyGeneration,
    keyRotatedAt,
  }: { readonly id: string; readonly keyGeneration: number; readonly keyRotatedAt: Date | null },
  now: Date,
): readonly string[] {
  const isRotating = keyRotatedAt !== null && now.getTime() - keyRotatedAt.getTime() < rotationLastsMs
  const count = isRotating ? Math.min(secretsAtMost, keyGeneration) : 1
  return Array.from({ length: count }, (_none, before) => signingSecretOf(key, id, keyGeneration - before))
}
