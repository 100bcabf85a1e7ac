import fc from 'fast-check'
import { CompactEncrypt, createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { signatureAlgorithms } from '../../src/auth/algorithms.ts'
import { KeysUnavailable } from '../../src/auth/key-set.ts'
import { createStaticKeySet } from '../../src/auth/static-key-set.ts'
import { TokenRefused } from '../../src/auth/token-refused.ts'
import { createTokenVerifier, type TokenVerifierOptions } from '../../src/auth/verify-token.ts'
import { makeKey, startTestIssuer, type TokenRequest, testClientId } from '../support/tokens.ts'
import { badTokens, strangersKey } from './bad-tokens.ts'

const issuer = await startTestIssuer()
const attackersIssuer = await startTestIssuer()
const [rsa, pss, ed] = [makeKey('RS256'), makeKey('PS256'), makeKey('EdDSA')]
issuer.publish(issuer.key.publicJwk, rsa.publicJwk, pss.publicJwk, ed.publicJwk)
const keys = await createStaticKeySet(issuer.jwks())
const start = Math.floor(Date.now() / 1_000)
afterAll(() => Promise.all([issuer.close(), attackersIssuer.close()]))

/** A token of the clock that the tests move: on a busy machine this file may run for longer than the tolerance. */
const mint = (request: TokenRequest = {}) => issuer.mint({ issuedAt: start, ...request })

/** Milliseconds since 1970; the tests move it. */
let time = start * 1_000
beforeEach(() => {
  time = start * 1_000
})

function setUp(options: Partial<TokenVerifierOptions> = {}) {
  const counted = { checks: 0 }
  const withKeys: typeof keys.withKeys = (verify) => {
    counted.checks += 1
    return keys.withKeys(verify)
  }
  const common = { issuer: issuer.issuer, audience: issuer.audience, algorithms: ['ES256', 'RS256'], cacheSeconds: 0 }
  return { counted, ...createTokenVerifier({ ...common, keys: { withKeys }, now: () => time, ...options }) }
}

/** All that a test wants to know of a refusal: its reason. */
async function verdict(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
    return 'accepted'
  } catch (error) {
    if (error instanceof TokenRefused) return error.reason
    throw error
  }
}

describe('a good token', () => {
  const caller = {
    clientId: testClientId,
    clientType: 'MSP',
    scopes: ['connection:read', 'connection:write'],
    userId: null,
  }

  it('a good token gives its caller', async () => {
    const userId = '30000000-0000-4000-8000-000000000001'
    const token = mint({ clientType: 'MITHRIL ADMIN', scope: 'a:b c!~', userId })
    expect(await setUp().verify(token)).toEqual({
      clientId: testClientId,
      clientType: 'MITHRIL ADMIN',
      scopes: ['a:b', 'c!~'],
      userId,
    })
  })

  it('jose itself accepts a good token', async () => {
    const { payload } = await jwtVerify(mint(), createLocalJWKSet(issuer.jwks()))
    expect(payload).toMatchObject({ sub: testClientId })
  })

  it.each(signatureAlgorithms)('a token may be signed with %s, if that is configured', async (algorithm) => {
    const key = makeKey(algorithm)
    const keys = await createStaticKeySet({ keys: [key.publicJwk] })
    expect(await setUp({ keys, algorithms: [algorithm] }).verify(mint({ key }))).toEqual(caller)
    const others = signatureAlgorithms.filter((other) => other !== algorithm)
    expect(await verdict(() => setUp({ keys, algorithms: others }).verify(mint({ key })))).toBe('algorithm')
  })

  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/jwt', 'application/at+jwt', 'Application/AT+JWT'])(
    'may have typ %s',
    async (typ) => {
      expect(await setUp().verify(mint({ header: { typ } }))).toEqual(caller)
    },
  )

  it.each([
    ['several audiences', { aud: ['https://elsewhere.test/', issuer.audience] }, caller],
    ['no scopes', { scope: '' }, { ...caller, scopes: [] }],
    ['a scope of blanks only', { scope: '  ' }, { ...caller, scopes: [] }],
    ['a blank before and after its scope words', { scope: ' a b ' }, { ...caller, scopes: ['a', 'b'] }],
    ['several blanks between its scope words', { scope: 'a   b' }, { ...caller, scopes: ['a', 'b'] }],
    ['one scope', { scope: 'connection:read' }, { ...caller, scopes: ['connection:read'] }],
    ['unknown claims', { jti: 'x', roles: ['admin'] }, caller],
    ['a claim named __proto__', JSON.parse('{"__proto__":{"client_type":"MITHRIL ADMIN"}}'), caller],
    ['times that are not whole seconds (RFC 7519 §2)', { iat: start - 0.5, exp: start + 10.5 }, caller],
    ['exp 29 s ago', { exp: start - 29 }, caller],
    ['iat and nbf 30 s in the future', { iat: start + 30, nbf: start + 30 }, caller],
    ['a sub of 255 code points', { sub: '😀'.repeat(255) }, { ...caller, userId: '😀'.repeat(255) }],
    ['a client type with spaces and Cyrillic letters', { client_type: 'НЕ MSP' }, { ...caller, clientType: 'НЕ MSP' }],
    [
      'UUIDs in capitals, which mean the same in lower case',
      { client_id: 'ABCDEF00-0000-4000-8000-000000000001', sub: 'ABCDEF00-0000-4000-8000-000000000002' },
      { clientId: 'abcdef00-0000-4000-8000-000000000001', userId: 'abcdef00-0000-4000-8000-000000000002' },
    ],
    [
      'one UUID for client and sub, in two spellings',
      { client_id: 'ABCDEF00-0000-4000-8000-000000000001', sub: 'abcdef00-0000-4000-8000-000000000001' },
      { clientId: 'abcdef00-0000-4000-8000-000000000001', userId: null },
    ],
    ['a sub that is no UUID, as it is', { sub: 'Dr-HOUSE' }, { ...caller, userId: 'Dr-HOUSE' }],
  ])('may have %s', async (_name, claims, expected) => {
    expect(await setUp().verify(mint({ claims }))).toMatchObject(expected)
  })

  it('a token without kid is accepted if a key of the set signed it', async () => {
    const twin = makeKey('ES256')
    const keys = await createStaticKeySet({ keys: [twin.publicJwk, ...issuer.jwks().keys] })
    const token = mint({ header: { kid: undefined } })
    expect(await setUp({ keys }).verify(token)).toEqual(caller)
  })

  it('the Caller of a token is frozen', async () => {
    const made = await setUp().verify(mint())
    expect([Object.isFrozen(made), Object.isFrozen(made.scopes)]).toEqual([true, true])
  })
})

describe('a bad token', () => {
  const attacker = strangersKey()
  attackersIssuer.publish(attacker.publicJwk)
  const rows = badTokens({ issuer, rsa, pss, attacker, attackerUrl: attackersIssuer.jwksUrl, now: start })

  it.each(rows)('%s', async (_name, token, reason) => {
    const { verify, remembered } = setUp({ cacheSeconds: 60 })
    expect(await verdict(() => verify(token))).toBe(reason)
    expect(await verdict(() => verify(token))).toBe(reason)
    expect(remembered()).toBe(0)
  })

  it('the table of bad tokens has each kind once', () => {
    expect(rows.length).toBeGreaterThan(200)
    expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length)
  })

  it('the gateway never visits an address that a token names', () => {
    expect(attackersIssuer.hits()).toBe(0)
  })

  it('a real JWE is refused', async () => {
    const jwe = await new CompactEncrypt(Buffer.from(mint()))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(Buffer.alloc(32))
    expect(await verdict(() => setUp().verify(jwe))).toBe('malformed')
  })

  it('the refusal of a token does not quote it', async () => {
    for (const [, token] of rows) {
      const refusal: unknown = await Promise.resolve(setUp().verify(token)).catch((error: unknown) => error)
      if (!(refusal instanceof TokenRefused)) throw new Error('accepted')
      expect(Object.keys(refusal).sort()).toEqual(['member', 'name', 'reason'])
      expect(refusal).not.toHaveProperty('cause')
      expect(refusal.message).toMatch(/^access token refused: [a-z_]+( \([a-z_]+\))?$/)
    }
  })

  it('a good token with one changed character is refused', { timeout: 120_000 }, async () => {
    const good = mint()
    const { verify } = setUp({ cacheSeconds: 60 })
    await verify(good)
    const change = fc.tuple(fc.nat(good.length - 1), fc.constantFrom(...'ABCDwxyz0189-_.=+/ é'))
    await fc.assert(
      fc.asyncProperty(change, async ([at, character]) => {
        fc.pre(good[at] !== character)
        expect(await verdict(() => verify(`${good.slice(0, at)}${character}${good.slice(at + 1)}`))).not.toBe(
          'accepted',
        )
      }),
      { numRuns: 500 },
    )
  })

  it('any text is refused, and nothing else happens', { timeout: 120_000 }, async () => {
    const { verify } = setUp()
    const json = fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text).toString('base64url'))
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(json, json, json).map((parts) => parts.join('.')),
    )
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await verdict(() => verify(token))).not.toBe('accepted')
      }),
      { numRuns: 500 },
    )
  })
})

describe('what is not the fault of the token', () => {
  it('KeysUnavailable is passed on', async () => {
    const away = new KeysUnavailable('away')
    const { verify } = setUp({ keys: { withKeys: () => Promise.reject(away) } })
    await expect(verify(mint())).rejects.toBe(away)
  })

  it('a defect is passed on', async () => {
    const defect = new RangeError('a defect')
    const { verify } = setUp({ keys: { withKeys: () => Promise.reject(defect) } })
    await expect(verify(mint())).rejects.toBe(defect)
  })

  it.each([
    ['no algorithms', { algorithms: [] }],
    ['none', { algorithms: ['ES256', 'none'] }],
    ['an HMAC', { algorithms: ['HS256'] }],
    ['an unknown algorithm', { algorithms: ['es256'] }],
    ['no issuer', { issuer: '' }],
    ['no audience', { audience: '' }],
  ])('is not let through the configuration: %s', (_name, options) => {
    expect(() => setUp(options)).toThrow(TypeError)
  })
})

describe('remembered tokens', () => {
  it('a remembered token gives the same Caller at once, without a lookup of a key', async () => {
    const { verify, counted } = setUp({ cacheSeconds: 60 })
    const token = mint()
    const caller = await verify(token)
    expect(verify(token)).toBe(caller)
    expect(counted.checks).toBe(1)
  })

  it('a remembered token is forgotten after cacheSeconds', async () => {
    const { verify, counted } = setUp({ cacheSeconds: 60 })
    const token = mint()
    await verify(token)
    time += 59_999
    expect(verify(token)).not.toBeInstanceOf(Promise)
    time += 1
    expect(verify(token)).toBeInstanceOf(Promise)
    expect(counted.checks).toBe(2)
  })

  it('the use of a remembered token does not prolong its time', async () => {
    const { verify, counted } = setUp({ cacheSeconds: 60 })
    const token = mint()
    for (let second = 0; second < 120; second += 10) {
      time = (start + second) * 1_000
      await verify(token)
    }
    expect(counted.checks).toBe(2)
  })

  it('a token is never remembered past its exp, not even for the tolerance', async () => {
    const { verify, counted, remembered } = setUp({ cacheSeconds: 60 })
    const token = mint({ issuedAt: start, expiresInSeconds: 10 })
    await verify(token)
    time += 9_999
    expect(verify(token)).not.toBeInstanceOf(Promise)
    time += 1
    await expect(verify(token)).resolves.toMatchObject({ clientId: testClientId })
    expect(remembered()).toBe(0)
    time += 30_000
    expect(await verdict(() => verify(token))).toBe('expired')
    expect(counted.checks).toBe(3)
  })

  it('a clock that is set back does not prolong the memory', async () => {
    const { verify, counted } = setUp({ cacheSeconds: 60 })
    const token = mint({ issuedAt: start - 3_600, expiresInSeconds: 7_200 })
    await verify(token)
    time -= 600_000
    await verify(token)
    expect(counted.checks).toBe(2)
  })

  it('a full memory forgets the least recently used token', async () => {
    const { verify, remembered } = setUp({ cacheSeconds: 60, cacheEntriesAtMost: 2 })
    const [first, second, third] = [1, 2, 3].map((jti) => mint({ claims: { jti } })) as [string, string, string]
    await verify(first)
    await verify(second)
    await verify(first)
    await verify(third)
    expect(remembered()).toBe(2)
    expect(verify(first)).not.toBeInstanceOf(Promise)
    expect(verify(third)).not.toBeInstanceOf(Promise)
    expect(verify(second)).toBeInstanceOf(Promise)
  })

  it('a memory forgets tokens beyond the length of all of them, and never remembers a longer one', async () => {
    const [short, other] = [1, 2].map((jti) => mint({ claims: { jti } })) as [string, string]
    const long = mint({ claims: { filling: 'x'.repeat(2_000) } })
    const { verify, remembered } = setUp({ cacheSeconds: 60, cacheLengthAtMost: short.length + other.length })
    for (const token of [short, other, long]) await verify(token)
    expect(remembered()).toBe(2)
    const third = mint({ claims: { jti: 3 } })
    await verify(third)
    expect(remembered()).toBe(2)
    expect(verify(third)).not.toBeInstanceOf(Promise)
    expect(verify(short)).toBeInstanceOf(Promise)
  })

  it('no token is remembered with cacheSeconds 0', async () => {
    const { verify, counted, remembered } = setUp({ cacheSeconds: 0 })
    const token = mint()
    await verify(token)
    await verify(token)
    expect([counted.checks, remembered()]).toEqual([2, 0])
  })

  it('a remembered token does not make a longer text with the same start valid', async () => {
    const { verify } = setUp({ cacheSeconds: 60 })
    const token = mint()
    await verify(token)
    for (const other of [`${token}A`, `${token}AAAA`, token.slice(0, -1), token.slice(0, -4)]) {
      expect(await verdict(() => verify(other))).not.toBe('accepted')
    }
  })

  it('one token may be verified many times at once', async () => {
    const { verify } = setUp({ cacheSeconds: 60 })
    const token = mint()
    const callers = await Promise.all(Array.from({ length: 50 }, () => verify(token)))
    expect(new Set(callers.map((caller) => JSON.stringify(caller))).size).toBe(1)
  })
})
