import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { rotationLastsMs, signingSecretOf, signingSecretsOf } from '../../src/events/signing-secret.ts'

const key = Buffer.from('0123456789abcdef0123456789abcdef')
const id = '10000000-0000-4000-8000-000000000001'

/** HKDF with one block of output, written out as RFC 5869 §2 has it. */
function expandOnce(info: string): string {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(key).digest()
  return createHmac('sha256', extracted)
    .update(info)
    .update(Buffer.from([1]))
    .digest('base64')
}

describe('the secret of a subscription', () => {
  test('is HKDF of the key with the id and the generation', () => {
    expect(signingSecretOf(key, id, 3)).toBe(`whsec_${expandOnce(`mithril-gateway event-subscription ${id} 3`)}`)
  })

  test('is another one for each key, id and generation, and always the same for the same', () => {
    const other = Buffer.from('fedcba9876543210fedcba9876543210')
    const ids = Array.from({ length: 20 }, (_, index) => `${id.slice(0, -2)}${index + 10}`)
    const secrets = [key, other].flatMap((k) => ids.flatMap((i) => [1, 2, 11].map((g) => signingSecretOf(k, i, g))))
    expect(new Set(secrets).size).toBe(2 * 20 * 3)
    expect(signingSecretOf(key, id, 1)).toBe(signingSecretOf(Buffer.from(key), id, 1))
  })
})

describe('the secrets that count', () => {
  const rotated = new Date('2026-11-27T12:00:00Z')
  const at = (ms: number) => new Date(rotated.getTime() + ms)
  const one = signingSecretOf(key, id, 1)
  const two = signingSecretOf(key, id, 2)
  const [three, four] = [signingSecretOf(key, id, 3), signingSecretOf(key, id, 4)]

  test.each([
    ['the first one, before any rotation', 1, null, at(0), [one]],
    ['both, at the moment of a rotation', 2, rotated, at(0), [two, one]],
    ['both, until a day after a rotation', 2, rotated, at(rotationLastsMs - 1), [two, one]],
    ['the new one alone, a day after a rotation', 2, rotated, at(rotationLastsMs), [two]],
    ['three, after the second rotation of a day', 3, rotated, at(0), [three, two, one]],
    ['three, after the third rotation of a day', 4, rotated, at(rotationLastsMs - 1), [four, three, two]],
  ])('are %s', (_when, keyGeneration, keyRotatedAt, now, expected) => {
    expect(signingSecretsOf(key, { id, keyGeneration, keyRotatedAt }, now)).toEqual(expected)
  })
})
