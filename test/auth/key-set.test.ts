import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createKeySet, type KeySet, type KeySetOptions, KeysUnavailable } from '../../src/auth/key-set.ts'
import { createStaticKeySet } from '../../src/auth/static-key-set.ts'
import { TokenRefused } from '../../src/auth/token-refused.ts'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { makeKey, startTestIssuer, type TestIssuer, type TestKey } from '../support/tokens.ts'

let issuer: TestIssuer
/**
 * Milliseconds; the tests move it. Timers of the background run in real time, so that here nothing happens behind a
 * test's back.
 */
let time: number
let opened: KeySet[]
let lines: [level: string, message: string, details: Record<string, unknown>][]

beforeEach(async () => {
  issuer = await startTestIssuer()
  time = Date.now()
  opened = []
  lines = []
})
afterEach(async () => {
  for (const keys of opened) keys.close()
  await issuer.close()
})

function open(options: Partial<KeySetOptions> = {}) {
  const log = {
    info: (details: object, message: string) => void lines.push(['info', message, { ...details }]),
    warn: (details: object, message: string) => void lines.push(['warn', message, { ...details }]),
  }
  const keys = createKeySet({ url: issuer.jwksUrl, now: () => time, log, ...options })
  opened.push(keys)
  const { verify } = createTokenVerifier({ ...issuer, algorithms: ['ES256', 'RS256'], keys, cacheSeconds: 0 })
  /** What becomes of a token: accepted, unavailable, or the reason of its refusal. */
  const judge = async (token: string): Promise<string> => {
    try {
      await verify(token)
      return 'accepted'
    } catch (error) {
      if (error instanceof TokenRefused) return error.reason
      if (error instanceof KeysUnavailable) return 'unavailable'
      throw error
    }
  }
  const judgeAll = async (tokens: string[]) => [...new Set(await Promise.all(tokens.map(judge)))]
  return {
    keys,
    judge,
    judgeAll,
    ready: () => vi.waitFor(() => expect(keys.state().ready).toBe(true), { timeout: 30_000, interval: 5 }),
  }
}

async function openReady(options: Partial<KeySetOptions> = {}) {
  const set = open(options)
  set.keys.start()
  await set.ready()
  return set
}

const times = (count: number, make: () => string) => Array.from({ length: count }, make)
const strangers = (count: number) => times(count, () => issuer.mint({ header: { kid: crypto.randomUUID() } }))

describe('at the start', () => {
  it('the start fetches the keys once, before any request', async () => {
    const { judgeAll } = await openReady()
    expect(issuer.hits()).toBe(1)
    expect(await judgeAll(times(100, () => issuer.mint()))).toEqual(['accepted'])
    expect(issuer.hits()).toBe(1)
  })

  it('the first requests share the fetch in flight', async () => {
    issuer.slow(100)
    const { keys, judgeAll } = open()
    keys.start()
    keys.start()
    expect(keys.state()).toEqual({ ready: false, ageMs: null, failures: 0, failedFetches: 0 })
    expect(await judgeAll(times(50, () => issuer.mint()))).toEqual(['accepted'])
    expect(keys.state()).toEqual({ ready: true, ageMs: 0, failures: 0, failedFetches: 0 })
    expect(issuer.hits()).toBe(1)
  })

  it('a request fetches the keys if no fetch is in flight', async () => {
    const { judgeAll } = open()
    expect(await judgeAll(times(50, () => issuer.mint()))).toEqual(['accepted'])
    expect(issuer.hits()).toBe(1)
  })

  it('without its issuer the key set is unavailable, and it serves as soon as the issuer answers', async () => {
    await issuer.stop()
    const { keys, judge } = open()
    keys.start()
    expect(await judge(issuer.mint())).toBe('unavailable')
    expect(keys.state()).toEqual({ ready: false, ageMs: null, failures: 1, failedFetches: 1 })
    await issuer.restart()
    time += 999
    expect(await judge(issuer.mint())).toBe('unavailable')
    time += 1
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(keys.state()).toEqual({ ready: true, ageMs: 0, failures: 0, failedFetches: 1 })
  })

  it('the background fetches the keys without any request', async () => {
    await issuer.stop()
    const { keys, ready } = open({ limits: { retrySeconds: 0.02 } })
    keys.start()
    await vi.waitFor(() => expect(keys.state().failures).toBeGreaterThan(1), { timeout: 30_000, interval: 5 })
    await issuer.restart()
    await ready()
  })

  it('the log names the failure and its end, and the error keeps the cause', async () => {
    issuer.fail(500)
    const { keys, judge } = open()
    await expect(keys.withKeys(async () => {})).rejects.toMatchObject({
      name: 'KeysUnavailable',
      cause: { message: 'the key server answered 500' },
    })
    issuer.recover()
    time += 1_000
    await judge(issuer.mint())
    expect(lines).toEqual([
      ['warn', "the issuer's keys could not be fetched", expect.objectContaining({ failures: 1, ready: false })],
      ['info', "the issuer's keys are fetched", { keys: 1, failures: 1 }],
    ])
  })

  it.each(['not a URL', 'file:///etc/passwd', 'https://user:secret@issuer.test/jwks'])(
    'an address like %s is refused, unquoted',
    (url) => {
      const message = 'the address of the key set must be an http(s) URL without user name and password'
      expect(() => createKeySet({ url })).toThrow(new TypeError(message))
    },
  )
})

describe('rotation', () => {
  it('an unknown kid fetches the new keys once for all waiting tokens', async () => {
    const { judge, judgeAll } = await openReady()
    const old = issuer.mint()
    time += 30_000
    issuer.rotate({ keepOld: true })
    expect(await judgeAll(times(50, () => issuer.mint()))).toEqual(['accepted'])
    expect(await judge(old)).toBe('accepted')
    expect(issuer.hits()).toBe(2)
  })

  it('a rotation right after a fetch or another rotation fails no verification', async () => {
    const { judge } = await openReady()
    issuer.rotate()
    expect(await judge(issuer.mint())).toBe('accepted')
    issuer.rotate()
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(issuer.hits()).toBe(3)
  })

  it('a rotation during a fetch of the old keys fails no verification', async () => {
    const { judge } = await openReady({ limits: { refreshSeconds: 0.05 } })
    const stale = JSON.stringify(issuer.jwks())
    issuer.answer((_request, response) => void setTimeout(() => response.end(stale), 100))
    await vi.waitFor(() => expect(issuer.hits()).toBe(2), { timeout: 30_000, interval: 1 })
    issuer.recover()
    issuer.rotate()
    expect(await judge(issuer.mint())).toBe('accepted')
  })

  it('rotations under load and in a flood of invented kids fail no verification', async () => {
    const { judge, judgeAll } = await openReady({
      now: performance.now.bind(performance),
      limits: { cooldownSeconds: 0.1 },
    })
    const begin = performance.now()
    const verdicts = { good: new Set<string>(), bad: new Set<string>() }
    let over = false
    const load = async (verdicts: Set<string>, mint: () => string) => {
      while (!over) verdicts.add(await judge(mint()))
    }
    let previous = issuer.key
    const loads = [
      ...Array.from({ length: 10 }, () => load(verdicts.good, () => issuer.mint())),
      ...Array.from({ length: 10 }, () => load(verdicts.good, () => issuer.mint({ key: previous }))),
      ...Array.from({ length: 20 }, () => load(verdicts.bad, () => strangers(1).join())),
    ]
    for (let round = 0; round < 10; round += 1) {
      await sleep(70)
      previous = issuer.key
      issuer.rotate({ keepOld: true })
      expect(await judgeAll([issuer.mint(), issuer.mint({ key: previous })])).toEqual(['accepted'])
    }
    over = true
    await Promise.all(loads)
    expect([...verdicts.good]).toEqual(['accepted'])
    expect([...verdicts.bad]).toEqual(['unknown_key'])
    expect(issuer.hits()).toBeLessThan(3 + (performance.now() - begin) / 100)
  })

  it('a key that the issuer has removed no longer serves', async () => {
    const { judge } = await openReady()
    const old = issuer.mint()
    time += 30_000
    issuer.rotate()
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(await judge(old)).toBe('unknown_key')
  })

  it('the background notices a rotation, too', async () => {
    const { judge } = await openReady({ limits: { refreshSeconds: 0.03 } })
    const old = issuer.mint()
    issuer.rotate()
    await vi.waitFor(async () => expect(await judge(old)).toBe('unknown_key'), { timeout: 30_000, interval: 10 })
    expect(await judge(issuer.mint())).toBe('accepted')
  })
})

describe('a flood of unknown kids', () => {
  it('a flood of unknown kids makes one fetch in each cool-down', async () => {
    const { judge, judgeAll } = await openReady()
    expect(await judgeAll(strangers(200))).toEqual(['unknown_key'])
    expect(issuer.hits()).toBe(2)
    const begin = performance.now()
    expect(await judgeAll(strangers(200))).toEqual(['unknown_key'])
    expect(performance.now() - begin).toBeGreaterThan(990)
    expect(issuer.hits()).toBe(3)
    expect(await judge(issuer.mint())).toBe('accepted')
  })

  it('in a flood known tokens do not wait, and unknown ones wait for a bounded time', async () => {
    const { judge, judgeAll } = await openReady({
      limits: { cooldownSeconds: 60, timeoutSeconds: 60, waitingAtMost: 50 },
    })
    expect(await judgeAll(strangers(50))).toEqual(['unknown_key'])
    const waiting = strangers(50).map(judge)
    expect(await judge(issuer.mint())).toBe('accepted')
    // One of them may have a new key, so none is told that its key is unknown.
    expect(await judgeAll(strangers(50))).toEqual(['unavailable'])
    expect(issuer.hits()).toBe(2)
    for (const keys of opened) keys.close()
    expect([...new Set(await Promise.all(waiting))]).toEqual(['unavailable'])
  })

  it('while the issuer is away an unknown kid is unavailable, because it may be a new key', async () => {
    const { judge, judgeAll } = await openReady()
    issuer.fail()
    time += 30_000
    expect(await judgeAll(strangers(50))).toEqual(['unavailable'])
    expect(await judgeAll(strangers(50))).toEqual(['unavailable'])
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(issuer.hits()).toBe(2)
    issuer.recover()
    issuer.rotate()
    time += 1_000
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(await judgeAll(strangers(50))).toEqual(['unknown_key'])
    expect(issuer.hits()).toBe(4)
  })
})

describe('an outage', () => {
  it('keys serve for refreshSeconds + staleSeconds of an outage, and again right after it', async () => {
    const { keys, judge } = await openReady()
    const loaded = time
    issuer.fail()
    time = loaded + 1_200_000 - 1
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(keys.state()).toMatchObject({ ready: true, ageMs: 1_200_000 - 1 })
    time = loaded + 1_200_000
    expect(keys.state()).toMatchObject({ ready: false })
    expect(await judge(issuer.mint())).toBe('unavailable')
    issuer.recover()
    time += 1_000
    expect(await judge(issuer.mint())).toBe('accepted')
  })

  it('staleSeconds of the configuration decides how long old keys serve', async () => {
    const { judge } = await openReady({ limits: { refreshSeconds: 10, staleSeconds: 0 } })
    issuer.fail()
    time += 9_999
    expect(await judge(issuer.mint())).toBe('accepted')
    time += 1
    expect(await judge(issuer.mint())).toBe('unavailable')
  })

  it('during an outage the issuer gets at most one fetch a second', async () => {
    issuer.fail()
    const { judgeAll } = open()
    for (let tenths = 0; tenths < 100; tenths += 1) {
      expect(await judgeAll(times(20, () => issuer.mint()))).toEqual(['unavailable'])
      time += 100
    }
    expect(issuer.hits()).toBe(10)
  })

  it('while older keys serve, requests make no fetch', async () => {
    const { judgeAll } = await openReady()
    issuer.fail()
    time += 900_000
    expect(await judgeAll(times(200, () => issuer.mint()))).toEqual(['accepted'])
    expect(issuer.hits()).toBe(1)
  })

  describe('lets the background pause longer and longer', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
    afterEach(() => void vi.useRealTimers())

    /** The seconds at which the background fetches, with a fetch that fails at once. */
    async function fetchesWithin(seconds: number, goodFetches: number): Promise<number[]> {
      const begin = Date.now()
      const at: number[] = []
      const fetch = async () => {
        at.push((Date.now() - begin) / 1_000)
        if (at.length > goodFetches) throw new TypeError('fetch failed')
        return Response.json(issuer.jwks())
      }
      open({ now: Date.now, fetch }).keys.start()
      await vi.advanceTimersByTimeAsync(seconds * 1_000)
      return at
    }

    it('the pause grows to 4 s while there are no keys', async () => {
      expect(await fetchesWithin(20, 0)).toEqual([0, 1, 3, 7, 11, 15, 19])
    })

    it('the pause grows to 30 s while older keys serve, and to 4 s when they are too old', async () => {
      const at = await fetchesWithin(1_215, 1)
      expect(at.slice(0, 9)).toEqual([0, 600, 601, 603, 607, 615, 631, 661, 691])
      expect(at.slice(-4)).toEqual([1_201, 1_205, 1_209, 1_213])
    })

    it('the background refreshes every 10 minutes when all is well', async () => {
      expect(await fetchesWithin(2_400, 99)).toEqual([0, 600, 1_200, 1_800, 2_400])
    })
  })
})

describe('an answer that is no key set', () => {
  const elsewhere = 'http://127.0.0.1:9/'
  const ec = makeKey('ES256')
  const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' })
  const secret = { ...ec.privateKey.export({ format: 'jwk' }), kid: ec.kid }
  const good = JSON.stringify({ keys: [ec.publicJwk] })
  const keys =
    (...members: unknown[]) =>
    () =>
      issuer.send(JSON.stringify({ keys: members }))

  const answers: [name: string, arrange: () => void, cause: RegExp][] = [
    ['500', () => issuer.fail(500), /answered 500/],
    ['404', () => issuer.fail(404), /answered 404/],
    ['201', () => issuer.fail(201), /answered 201/],
    ['204', () => issuer.fail(204), /answered 204/],
    [
      'a redirect',
      () => issuer.answer((_, res) => void res.writeHead(302, { location: elsewhere }).end()),
      /fetch failed/,
    ],
    [
      'a redirect to itself',
      () => issuer.answer((_, res) => void res.writeHead(307, { location: issuer.jwksUrl }).end()),
      /fetch failed/,
    ],
    ['a connection cut', () => issuer.reset(), /fetch failed/],
    ['nothing, for ever', () => issuer.hang(), /timeout/],
    [
      'half an answer, and nothing more',
      () => issuer.answer((_, res) => void res.writeHead(200).write('{"keys":')),
      /timeout/,
    ],
    ['half an answer, then a cut', () => issuer.answer(cutOff), /terminated/],
    ['one that comes too late', () => issuer.slow(400), /timeout/],
    ['an empty body', () => issuer.send(''), /not JSON/],
    ['HTML', () => issuer.send('<!doctype html><p>Sign in'), /not JSON/],
    ['JSON cut off', () => issuer.send(good.slice(0, -1)), /not JSON/],
    ['null', () => issuer.send('null'), /not a key set/],
    ['a list', () => issuer.send('[]'), /not a key set/],
    ['one key', () => issuer.send(JSON.stringify(ec.publicJwk)), /not a key set/],
    ['keys that are no list', () => issuer.send('{"keys":{"0":{}}}'), /not a key set/],
    ['no keys', keys(), /0 keys/],
    ['members that are no keys', keys(null, 1, 'x', [], {}, { kty: 'EC' }), /6 keys, none of them usable/],
    ['symmetric keys', keys({ kty: 'oct', k: 'c2VjcmV0', kid: ec.kid, alg: 'HS256' }), /none of them usable/],
    ['private keys', keys(secret), /none of them usable/],
    ['keys for encryption', keys({ ...ec.publicJwk, use: 'enc' }), /none of them usable/],
    ['keys of an encryption algorithm', keys({ ...ec.publicJwk, alg: 'ECDH-ES' }), /none of them usable/],
    ['keys for another operation', keys({ ...ec.publicJwk, key_ops: ['sign'] }), /none of them usable/],
    ['keys with a kid that is no text', keys({ ...ec.publicJwk, kid: 1 }), /none of them usable/],
    ['an X25519 key', keys({ kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) }), /none of them usable/],
    ['an RSA key of 1,024 bits', keys({ ...weak, kid: 'weak', alg: 'RS256' }), /none of them usable/],
    ['a point off the curve', keys({ ...ec.publicJwk, x: 'A'.repeat(43) }), /none of them usable/],
    ['more than 256 kB', () => issuer.send(good.padEnd(262_145)), /longer than 262144 bytes/],
    ['more than 256 kB when unpacked', () => issuer.answer(bomb), /longer than 262144 bytes/],
    ['bytes without end', () => issuer.answer(endless), /longer than 262144 bytes/],
  ]

  type Listener = Parameters<TestIssuer['answer']>[0]
  const cutOff: Listener = (request, response) => {
    response.writeHead(200, { 'content-length': good.length }).write(good.slice(0, 20), () => request.socket.destroy())
  }
  const bomb: Listener = (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(good.padEnd(2_000_000)))
  }
  const endless: Listener = (request, response) => {
    const timer = setInterval(() => response.write(' '.repeat(65_536)), 1)
    request.socket.once('close', () => clearInterval(timer))
  }

  it.each(answers)('it is a failed fetch, and older keys go on serving: %s', async (_name, arrange, cause) => {
    const limits = { timeoutSeconds: cause.source === 'timeout' ? 0.2 : 5 }
    const { judge } = await openReady({ limits })
    arrange()
    const atBoot = open({ limits })
    expect(await atBoot.judge(issuer.mint())).toBe('unavailable')
    expect(atBoot.keys.state()).toEqual({ ready: false, ageMs: null, failures: 1, failedFetches: 1 })
    expect(lines.map(([, , { err }]) => String(err)).at(-1)).toMatch(cause)
    time += 30_000
    expect(await judge(issuer.mint({ header: { kid: 'unknown' } }))).toBe('unavailable')
    expect(await judge(issuer.mint())).toBe('accepted')
  })

  it('a redirect is not followed', async () => {
    const other = await startTestIssuer()
    issuer.answer((_request, response) => void response.writeHead(302, { location: other.jwksUrl }).end())
    expect(await open().judge(issuer.mint())).toBe('unavailable')
    expect(other.hits()).toBe(0)
    await other.close()
  })

  it('a key set of exactly 256 kB is accepted', async () => {
    issuer.send(JSON.stringify(issuer.jwks()).padEnd(262_144))
    expect(await open().judge(issuer.mint())).toBe('accepted')
  })
})

describe('waiting for keys', () => {
  it('each request waits for keys at most timeoutSeconds', async () => {
    issuer.hang()
    const { judgeAll } = open({ limits: { timeoutSeconds: 0.2 } })
    const begin = performance.now()
    expect(await judgeAll(times(20, () => issuer.mint()))).toEqual(['unavailable'])
    // One after the other they would wait 4 s.
    expect(performance.now() - begin).toBeLessThan(3_500)
    expect(issuer.hits()).toBe(1)
  })

  it.each([
    ['the first keys', 0],
    ['an unknown kid', 1],
  ])('is bounded even if a fetch never ends: %s', async (_name, goodFetches) => {
    let calls = 0
    const fetch = () =>
      calls++ < goodFetches ? Promise.resolve(Response.json(issuer.jwks())) : new Promise<Response>(() => {})
    const { keys, judge } = open({ fetch, limits: { timeoutSeconds: 0.1 } })
    if (goodFetches > 0) await judge(issuer.mint())
    time += 30_000
    expect(await judge(issuer.mint({ header: { kid: 'unknown' } }))).toBe('unavailable')
    expect(keys.state()).toMatchObject({ ready: goodFetches > 0, failures: 0 })
  })

  it('a request waits for a second fetch if the first one began before the issuer was back', async () => {
    issuer.hang()
    const { keys, judge } = open({ limits: { timeoutSeconds: 0.3 } })
    keys.start()
    await sleep(150)
    issuer.recover()
    time += 1_000
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(issuer.hits()).toBe(2)
  })

  it('a slow answer within timeoutSeconds is used', async () => {
    issuer.slow(150)
    expect(await open({ limits: { timeoutSeconds: 2 } }).judge(issuer.mint())).toBe('accepted')
  })
})

describe('key sets as issuers publish them', () => {
  it('of two keys under one kid each is tried', async () => {
    const [first, second, third] = [makeKey('ES256', 'same'), makeKey('ES256', 'same'), makeKey('ES256', 'same')]
    issuer.publish(first.publicJwk, second.publicJwk)
    const { judge } = await openReady()
    expect(await judge(issuer.mint({ key: first }))).toBe('accepted')
    expect(await judge(issuer.mint({ key: second }))).toBe('accepted')
    expect(await judge(issuer.mint({ key: third }))).toBe('signature')
    expect(await judge(issuer.mint({ key: second, expiresInSeconds: -60 }))).toBe('expired')
  })

  it('keys without kid verify tokens without kid', async () => {
    const [first, second] = [makeKey('ES256'), makeKey('ES256')]
    issuer.publish({ ...first.publicJwk, kid: undefined }, { ...second.publicJwk, kid: undefined })
    const { judge } = await openReady()
    expect(await judge(issuer.mint({ key: first, header: { kid: undefined } }))).toBe('accepted')
    expect(await judge(issuer.mint({ key: second, header: { kid: undefined } }))).toBe('accepted')
    expect(await judge(issuer.mint({ header: { kid: undefined } }))).toBe('signature')
    expect(await judge(issuer.mint({ key: first }))).toBe('unknown_key')
  })

  it('keys without alg and use verify tokens', async () => {
    const rsa = makeKey('RS256')
    issuer.publish(
      { ...rsa.publicJwk, alg: undefined, use: undefined },
      { ...issuer.key.publicJwk, alg: undefined, use: undefined },
    )
    const { judge } = await openReady()
    expect(await judge(issuer.mint({ key: rsa }))).toBe('accepted')
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(await judge(issuer.mint({ header: { alg: 'RS256' } }))).toBe('unknown_key')
  })

  it.each<[name: string, member: object]>([
    ['key_ops with sign, as key vaults write it', { key_ops: ['sign', 'verify'] }],
    ['key_ops of a private key, all of them', { key_ops: ['verify', 'sign', 'wrapKey', 'unwrapKey', 'encrypt'] }],
    ['key_ops twice the same', { key_ops: ['verify', 'verify'] }],
    ['ext', { ext: false }],
    ['ext that is no boolean', { ext: 'no' }],
    ['certificates and dates', { x5c: ['MIIB'], x5t: 'x', 'x5t#S256': 'x', nbf: 1, exp: 2, iat: 3, attributes: {} }],
    ['members with the names of Object.prototype', { constructor: 1, toString: 2 }],
  ])('may hold a key with more members than make it: %s', async (_name, member) => {
    issuer.publish({ ...issuer.key.publicJwk, ...member })
    const { judge } = await openReady()
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(lines.filter(([level]) => level === 'warn')).toEqual([])
  })

  it('the good keys of a set serve, and one warning names the unusable ones', async () => {
    const [leaked, offCurve] = [makeKey('ES256'), makeKey('ES256')]
    const odd = [
      null,
      { kty: 'oct', k: 'c2VjcmV0', kid: 'a' },
      { kty: 'new', kid: 'b'.repeat(200) },
      { ...leaked.publicJwk, d: 'AA' },
      { ...makeKey('ES256').publicJwk, kid: 'encryption', use: 'enc' },
      { ...offCurve.publicJwk, x: 'A'.repeat(43) },
      { ...makeKey('RS256').publicJwk, kid: 'another-type', kty: 'EC' },
    ]
    issuer.publish(...odd, issuer.key.publicJwk)
    const { judge } = await openReady()
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(await judge(issuer.mint({ key: leaked }))).toBe('unknown_key')
    expect(await judge(issuer.mint({ key: offCurve }))).toBe('unknown_key')
    // There were three fetches by now.
    expect(lines.filter(([level]) => level === 'warn')).toEqual([
      [
        'warn',
        "the issuer's key set holds keys that cannot be used",
        {
          dropped: [
            { kid: null, reason: 'no key' },
            { kid: 'a', reason: 'private or symmetric' },
            { kid: 'b'.repeat(100), reason: 'cannot be imported' },
            { kid: leaked.kid, reason: 'private or symmetric' },
            { kid: 'encryption', reason: 'not for signatures' },
            { kid: offCurve.kid, reason: 'cannot be imported' },
            { kid: 'another-type', reason: 'cannot be imported' },
          ],
        },
      ],
    ])
  })
})

describe('a key replaced under its kid', () => {
  /** A new key of the issuer under the kid of its old one, or two keys without kid. */
  const kids = [
    ['the same kid', 'same'],
    ['no kid', undefined],
  ] as const

  const publish = (key: TestKey, kid: string | undefined) => issuer.publish({ ...key.publicJwk, kid })

  it.each(kids)(
    'tokens of the new key are accepted at once, and those of the removed key are not: %s',
    async (_name, kid) => {
      const [old, next] = [makeKey('ES256'), makeKey('ES256')]
      publish(old, kid)
      const { judge, judgeAll } = await openReady()
      const mint = (key: TestKey) => issuer.mint({ key, header: { kid } })
      expect(await judge(mint(old))).toBe('accepted')
      publish(next, kid)
      expect(await judgeAll(times(50, () => mint(next)))).toEqual(['accepted'])
      expect(issuer.hits()).toBe(2)
      time += 1_000
      expect(await judge(mint(old))).toBe('signature')
      expect(issuer.hits()).toBe(3)
    },
  )

  it('forged signatures make one fetch in each cool-down, and no good token waits', async () => {
    const { judge, judgeAll } = await openReady({ limits: { cooldownSeconds: 0.3 } })
    const attacker = makeKey('ES256', issuer.key.kid)
    const forged = () => issuer.mint({ key: attacker })
    expect(await judgeAll(times(100, forged))).toEqual(['signature'])
    // Two, where some of them are verified only after the first of these fetches has begun.
    const hits = issuer.hits()
    expect(hits).toBeLessThanOrEqual(3)
    const waiting = judgeAll(times(100, forged))
    expect(await judge(issuer.mint())).toBe('accepted')
    expect(issuer.hits()).toBe(hits)
    expect(await waiting).toEqual(['signature'])
    expect(issuer.hits()).toBe(hits + 1)
  })

  it('while the issuer is away a signature that fits no key is unavailable', async () => {
    const { judge } = await openReady()
    issuer.fail()
    expect(await judge(issuer.mint({ key: makeKey('ES256', issuer.key.kid) }))).toBe('unavailable')
    expect(await judge(issuer.mint())).toBe('accepted')
  })

  it('after an outage a replaced key is found by a fetch that began after the token came', async () => {
    const { judge } = await openReady({ limits: { retrySeconds: 0 } })
    issuer.fail()
    expect(await judge(issuer.mint({ key: makeKey('ES256', issuer.key.kid) }))).toBe('unavailable')
    const stale = JSON.stringify(issuer.jwks())
    let answer = () => {}
    issuer.answer((_request, response) => {
      answer = () => void response.end(stale)
    })
    const hits = issuer.hits()
    const earlier = judge(issuer.mint({ key: makeKey('ES256', issuer.key.kid) }))
    await vi.waitFor(() => expect(issuer.hits()).toBe(hits + 1), { timeout: 30_000, interval: 1 })
    issuer.recover()
    issuer.rotate({ key: makeKey('ES256', issuer.key.kid) })
    const later = judge(issuer.mint())
    answer()
    expect(await later).toBe('accepted')
    expect(await earlier).toBe('signature')
  })
})

describe('close', () => {
  it('close ends the background and the fetch in flight, and the fetched keys go on serving', async () => {
    const { keys, judge } = await openReady({ limits: { refreshSeconds: 0.02 } })
    keys.close()
    const hits = issuer.hits()
    await sleep(100)
    expect(issuer.hits()).toBe(hits)
    expect(await judge(issuer.mint())).toBe('accepted')
  })

  it('no request waits for a fetch that close has ended', async () => {
    issuer.hang()
    const { keys, judge } = open()
    keys.start()
    const waiting = judge(issuer.mint())
    await vi.waitFor(() => expect(issuer.hits()).toBe(1), { timeout: 30_000 })
    keys.close()
    expect(await waiting).toBe('unavailable')
    expect(lines).toEqual([])
  })
})

describe('a static key set', () => {
  it('a static key set is ready from the start', async () => {
    const keys = await createStaticKeySet(issuer.jwks())
    keys.start()
    expect(keys.state()).toEqual({ ready: true, ageMs: null, failures: 0, failedFetches: 0 })
    const { verify } = createTokenVerifier({ ...issuer, algorithms: ['ES256'], keys, cacheSeconds: 0 })
    await expect(verify(issuer.mint())).resolves.toMatchObject({ clientType: 'MSP' })
    keys.close()
    expect(issuer.hits()).toBe(0)
  })

  it('a static key set without a usable key is an error', async () => {
    await expect(createStaticKeySet({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })).rejects.toThrow(TypeError)
  })
})
