import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Credentials, createAuthenticate, type Unauthenticated } from '../../src/auth/authenticate.ts'
import { createKeySet, type KeySet } from '../../src/auth/key-set.ts'
import { createStaticKeySet } from '../../src/auth/static-key-set.ts'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { GatewayError } from '../../src/domain/errors.ts'
import { startTestIssuer, type TestIssuer, testClientId } from '../support/tokens.ts'

let issuer: TestIssuer
let issuersKeys: KeySet
beforeAll(async () => {
  issuer = await startTestIssuer()
  issuersKeys = await createStaticKeySet(issuer.jwks())
})
afterAll(() => issuer.close())

function setUp({ keys = issuersKeys, cacheSeconds = 60 }: { keys?: KeySet; cacheSeconds?: number } = {}) {
  const reasons: Unauthenticated[] = []
  const verifier = createTokenVerifier({ ...issuer, algorithms: ['ES256'], keys, cacheSeconds })
  const authenticate = createAuthenticate({
    verifier,
    opaqueTokens: null,
    admit: (caller) => caller,
    onRefused: (reason) => reasons.push(reason),
  })
  return {
    authenticate,
    reasons,
    refusal: (credentials: Credentials) => refusalOf(async () => authenticate(credentials)),
  }
}

async function refusalOf(attempt: () => Promise<unknown>): Promise<GatewayError> {
  const error = await attempt().then(
    () => 'not refused',
    (reason: unknown) => reason,
  )
  if (error instanceof GatewayError) return error
  throw new Error('no GatewayError', { cause: error })
}

const sent = (...rawHeaders: string[]): Credentials => ({ rawHeaders, apiKey: null })
const bearer = (token: string) => sent('Authorization', `Bearer ${token}`)

describe('authenticate', () => {
  it('authenticate says who is calling', async () => {
    const { authenticate, reasons } = setUp()
    const caller = {
      clientId: testClientId,
      clientType: 'MSP',
      scopes: ['connection:read', 'connection:write'],
      userId: null,
    }
    expect(await authenticate(bearer(issuer.mint()))).toEqual(caller)
    expect(reasons).toEqual([])
  })

  it('authenticate answers a remembered token without a promise', async () => {
    const { authenticate } = setUp()
    const headers = bearer(issuer.mint())
    const caller = await authenticate(headers)
    expect(authenticate(headers)).toBe(caller)
  })

  it('a request without a token differs from one with a bad token (RFC 6750 §3.1)', async () => {
    const { refusal, reasons } = setUp()
    expect(await refusal(sent())).toMatchObject({
      refusal: 'accessDenied',
      details: { tokenWasSent: false },
    })
    expect(await refusal(sent('Authorization', 'Basic eDp5'))).toMatchObject({ details: { tokenWasSent: false } })
    expect(await refusal(sent('Authorization', 'Bearer'))).toMatchObject({ details: { tokenWasSent: true } })
    expect(await refusal(sent(...bearer('a').rawHeaders, ...bearer('b').rawHeaders))).toMatchObject({
      refusal: 'accessDenied',
      details: { tokenWasSent: true },
    })
    expect(await refusal(bearer('nonsense'))).toMatchObject({ details: { tokenWasSent: true } })
    expect(await refusal(bearer(issuer.mint({ expiresInSeconds: -60 })))).toMatchObject({
      details: { tokenWasSent: true },
    })
    expect(reasons).toEqual(['no_token', 'no_token', 'header', 'header', 'malformed', 'expired'])
  })

  it('the refusal has the reason as its cause, and nothing of the token', async () => {
    const { refusal } = setUp()
    const token = issuer.mint({ claims: { aud: 'https://elsewhere.test/' } })
    const error = await refusal(bearer(token))
    expect(error.cause).toMatchObject({
      name: 'TokenRefused',
      reason: 'audience',
      message: 'access token refused: audience (aud)',
    })
    const [, payload = '', signature = ''] = token.split('.')
    const said = `${error.stack}${JSON.stringify(error)}${(error.cause as Error).stack}${JSON.stringify(error.cause)}`
    for (const part of [payload, signature, testClientId]) expect(said).not.toContain(part)
  })

  it('without keys the answer is 503 with a time to retry, never 401', async () => {
    await issuer.stop()
    const keys = createKeySet({ url: issuer.jwksUrl })
    const { refusal, reasons } = setUp({ keys })
    const error = await refusal(bearer(issuer.mint()))
    expect(error).toMatchObject({ refusal: 'unavailable', details: { retryAfter: 5 } })
    expect(error.cause).toMatchObject({ name: 'KeysUnavailable' })
    expect(reasons).toEqual(['keys_unavailable'])
    // What needs no key is still refused as what it is.
    expect(await refusal(sent())).toMatchObject({ refusal: 'accessDenied' })
    expect(await refusal(bearer('nonsense'))).toMatchObject({ refusal: 'accessDenied' })
    keys.close()
    await issuer.restart()
  })

  it('a defect does not count as a failed authentication', async () => {
    const defect = new RangeError('a defect')
    const authenticate = createAuthenticate({
      verifier: { verify: () => Promise.reject(defect) },
      opaqueTokens: null,
      admit: (caller) => caller,
    })
    await expect(authenticate(bearer('abc'))).rejects.toBe(defect)
  })
})
