import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLocalCounter } from '../../src/limits/counter.ts'
import { openLimits } from '../../src/limits/open-limits.ts'
import { connectRedis } from '../../src/limits/redis.ts'
import { createSharedCounter } from '../../src/limits/shared-counter.ts'
import { type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { hasRedis, startTestRedis, type TestRedis } from '../support/redis.ts'

if (!hasRedis)
  process.stderr.write(
    'skipped: test/limits/redis.test.ts needs a redis-server (Debian: apt-get install redis-server)\n',
  )

describe.skipIf(!hasRedis)('two instances with one Redis', () => {
  let redis: TestRedis
  let one: TestGateway
  let two: TestGateway
  let fixture: Fixture
  let token: string
  beforeAll(async () => {
    redis = await startTestRedis()
    const limits = { REDIS_URL: redis.url, WRITE_LIMIT_PER_MINUTE: '10', AUTH_FAILURE_LIMIT_PER_MINUTE: '4' }
    one = await startTestGateway(limits)
    const same = { DATABASE_URL: one.config.database.url ?? '', TOKEN_JWKS_URL: one.issuer.jwksUrl }
    two = await startTestGateway({ ...limits, ...same })
  })
  afterAll(async () => {
    await one.close()
    await two.close()
    await redis.close()
  })
  beforeEach(async () => {
    fixture = await one.connection()
    token = one.issuer.mint(writer(fixture.clientId))
    await bothTogether()
  })

  const last = (gateway: TestGateway, message: RegExp) => gateway.log.filter((line) => message.test(line)).at(-1)
  /** The state that an instance has logged last. */
  const stateOf = (gateway: TestGateway) => last(gateway, /Redis is/) ?? ''
  const bothTogether = () =>
    vi.waitFor(() => expect([stateOf(one), stateOf(two)].every((line) => line.includes('Redis is there'))).toBe(true), {
      timeout: 30_000,
    })

  let number = 0
  const write = async (gateway: TestGateway) =>
    (await gateway.patch(fixture.path, { redirect_uri: `https://after.example.ua/${++number}` }, token)).statusCode
  const writes = (times: number, gateways = [one, two]) =>
    Promise.all(Array.from({ length: times }, (_, index) => write(gateways[index % gateways.length] ?? one)))
  const allowed = (statuses: number[]) => statuses.filter((status) => status === 200).length

  test('two instances accept as many writes as one, and refuse the rest without asking Redis again', async () => {
    const statuses = await writes(40)
    expect([allowed(statuses), statuses.filter((status) => status === 429).length]).toEqual([10, 30])
    expect(await one.auditOf(fixture.connectionId)).toHaveLength(10)
    const stored = Number(await redis.client.get(`gateway:write:${fixture.clientId}`))
    await writes(20)
    expect(Number(await redis.client.get(`gateway:write:${fixture.clientId}`))).toBe(stored)
    expect(await redis.client.pttl(`gateway:write:${fixture.clientId}`)).toBeGreaterThan(0)
  })

  test('two instances count failed authentications together', async () => {
    const fail = async (gateway: TestGateway) => (await gateway.app.inject({ url: fixture.path })).statusCode
    expect([await fail(one), await fail(two), await fail(one), await fail(two)]).toEqual([401, 401, 401, 401])
    expect([await fail(one), await fail(two)]).toEqual([429, 429])
  })

  test('without Redis each instance counts on by itself, and together again when Redis is back', async () => {
    expect(allowed(await writes(6))).toBe(6)
    await redis.kill()
    // Each counts on from what Redis told it last, one from 6 and the other at least from its own 3, where both anew
    // would be 20.
    const statuses = await writes(40)
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    expect(allowed(statuses)).toBeGreaterThanOrEqual(4)
    expect(allowed(statuses)).toBeLessThanOrEqual(11)

    await redis.start()
    await bothTogether()
    fixture = await one.connection()
    token = one.issuer.mint(writer(fixture.clientId))
    // A failed attempt is not repeated at once.
    await vi.waitFor(
      async () => {
        await Promise.all([write(one), write(two)])
        expect(Number(await redis.client.get(`gateway:write:${fixture.clientId}`))).toBeGreaterThan(1)
      },
      { timeout: 30_000, interval: 300 },
    )
  })

  test('an instance waits a moment for a silent Redis, and then no more', async () => {
    redis.freeze()
    try {
      const started = performance.now()
      expect(await writes(4)).toEqual([200, 200, 200, 200])
      // One attempt of 100 ms for both; a Redis that were waited for would take for ever.
      expect(performance.now() - started).toBeLessThan(20_000)
    } finally {
      redis.thaw()
    }
    // The next count that it is asked for, a second later, finds it there.
    await vi.waitFor(
      async () => {
        await writes(2)
        expect([stateOf(one), stateOf(two)]).toEqual([
          expect.stringContaining('is there'),
          expect.stringContaining('is there'),
        ])
      },
      { timeout: 30_000, interval: 1_100 },
    )
  })

  test('the log has each outage once, and the password of Redis nowhere', async () => {
    const away = (gateway: TestGateway) => gateway.log.filter((line) => line.includes('Redis is away')).length
    const before = away(one)
    await redis.kill()
    await vi.waitFor(() => expect(away(one)).toBe(before + 1), { timeout: 30_000 })
    await writes(4)
    await redis.start()
    await bothTogether()
    expect(away(one)).toBe(before + 1)
    expect([...one.log, ...two.log].join('')).not.toContain(redis.password)
  })
})

test('without its Redis from the start the gateway serves, keeps its limits, and says once what is missing', async () => {
  const gateway = await startTestGateway({
    REDIS_URL: 'redis://:a-password-of-redis@127.0.0.1:1',
    WRITE_LIMIT_PER_MINUTE: '2',
  })
  try {
    const { clientId, path } = await gateway.connection()
    const token = gateway.issuer.mint(writer(clientId))
    const statuses: number[] = []
    for (const name of ['a', 'b', 'c'])
      statuses.push((await gateway.patch(path, { redirect_uri: `https://after.example.ua/${name}` }, token)).statusCode)
    expect(statuses).toEqual([200, 200, 429])
    await vi.waitFor(() => expect(gateway.log.filter((line) => line.includes('Redis is away'))).toHaveLength(1), {
      timeout: 30_000,
    })
    expect(gateway.log.join('')).not.toContain('a-password-of-redis')
  } finally {
    await gateway.close()
  }
})

describe.skipIf(!hasRedis)('a shared counter', () => {
  let redis: TestRedis
  let shared: ReturnType<typeof connectRedis>
  const log = { info: vi.fn(), warn: vi.fn() }
  const there = 'Redis is there: instances count together'
  const away = 'Redis is away: this instance counts for itself'
  beforeAll(async () => {
    redis = await startTestRedis()
  })
  afterAll(() => redis.close())
  afterEach(() => shared.redis.disconnect())

  const counterOn = async (url: string, untilReady = true) => {
    log.info.mockClear()
    log.warn.mockClear()
    shared = connectRedis(new URL(url), log)
    if (untilReady) await vi.waitFor(() => expect(log.info).toHaveBeenCalledWith({}, there), { timeout: 30_000 })
    const local = createLocalCounter({ windowSeconds: 1 })
    return createSharedCounter({ shared, name: 'test', windowSeconds: 1, quota: 2, local })
  }

  test('a shared count begins anew when its window is over', async () => {
    const counter = await counterOn(redis.url)
    expect([
      (await counter.count('a')).times,
      (await counter.count('a')).times,
      (await counter.count('a')).times,
    ]).toEqual([1, 2, 3])
    expect(counter.timesOf('a')).toBe(3)
    await vi.waitFor(() => expect(counter.timesOf('a')).toBe(0), { timeout: 30_000 })
    await vi.waitFor(async () => expect((await counter.count('a')).times).toBe(1), { timeout: 30_000 })
  })

  test('an instance counts alone while Redis refuses, and the log says so once, also the end', async () => {
    const counter = await counterOn(redis.url)
    log.info.mockClear()
    log.warn.mockClear()
    await redis.client.replicaof('127.0.0.1', 1)
    expect([(await counter.count('c')).times, (await counter.count('c')).times]).toEqual([1, 2])
    expect(log.warn.mock.calls).toEqual([
      [{ reason: expect.stringMatching(/^READONLY/) }, 'Redis is away: this instance counts for itself'],
    ])
    expect(log.info).not.toHaveBeenCalled()
    await redis.client.replicaof('NO', 'ONE')
    // It is left alone for a second.
    await vi.waitFor(
      async () => {
        await counter.count('d')
        expect(log.info.mock.calls).toEqual([[{}, 'Redis is there: instances count together']])
      },
      { timeout: 30_000, interval: 100 },
    )
    expect(log.warn).toHaveBeenCalledTimes(1)
  })

  test('an instance counts alone with a wrong password, and the log does not hold it', async () => {
    log.warn.mockClear()
    const counter = await counterOn(redis.url.replace(redis.password, 'a-wrong-password'), false)
    await vi.waitFor(() => expect(log.warn).toHaveBeenCalled(), { timeout: 30_000 })
    expect([(await counter.count('b')).times, (await counter.count('b')).times]).toEqual([1, 2])
    expect(await redis.client.get('gateway:test:b')).toBeNull()
    expect(JSON.stringify(log.warn.mock.calls)).not.toContain('a-wrong-password')
  })

  test('an instance reconnects to the new primary when its Redis becomes a replica', async () => {
    const promoted = await startTestRedis()
    let target = redis
    const proxy = createServer((socket) => {
      const upstream = connect(Number(new URL(target.url).port), '127.0.0.1')
      for (const end of [socket, upstream]) end.on('error', () => {})
      socket.pipe(upstream).pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    try {
      await promoted.client.config('SET', 'requirepass', redis.password)
      const { port } = proxy.address() as AddressInfo
      const counter = await counterOn(`redis://:${redis.password}@127.0.0.1:${port}`)
      target = promoted
      await redis.client.replicaof('127.0.0.1', new URL(promoted.url).port)
      expect((await counter.count('e')).times).toBe(1)
      await vi.waitFor(() => expect(log.info).toHaveBeenCalledTimes(2), { timeout: 30_000 })
      await vi.waitFor(
        async () => {
          await counter.count('f')
          expect(Number(await promoted.client.get('gateway:test:f'))).toBeGreaterThan(0)
        },
        { timeout: 30_000, interval: 200 },
      )
      expect(log.warn.mock.calls).toEqual([[{ reason: expect.stringMatching(/^READONLY/) }, away]])
    } finally {
      shared.redis.disconnect()
      proxy.close()
      await redis.client.replicaof('NO', 'ONE')
      await promoted.close()
    }
  })

  test('an instance counts in a Redis whose INFO has another name', async () => {
    const renamed = await startTestRedis(['--rename-command', 'INFO', ''])
    try {
      const counter = await counterOn(renamed.url)
      expect((await counter.count('g')).times).toBe(1)
      expect(await renamed.client.get('gateway:test:g')).toBe('1')
      expect(log.warn).not.toHaveBeenCalled()
    } finally {
      shared.redis.disconnect()
      await renamed.close()
    }
  })

  test.each(['valkey', 'redis'])(
    'counts at an address that begins with %s://, in the database that it names',
    async (scheme) => {
      const counter = await counterOn(`${redis.url.replace('redis:', `${scheme}:`)}/3`)
      await counter.count(`of ${scheme}`)
      await redis.client.select(3)
      expect(await redis.client.get(`gateway:test:of ${scheme}`)).toBe('1')
      await redis.client.select(0)
      expect(await redis.client.get(`gateway:test:of ${scheme}`)).toBeNull()
    },
  )

  test('an instance counts alone at a node of a Redis Cluster, and the log says so once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'redis-cluster-'))
    const node = await startTestRedis(['--cluster-enabled', 'yes', '--dir', directory])
    try {
      const counter = await counterOn(node.url, false)
      await vi.waitFor(() => expect(log.warn).toHaveBeenCalled(), { timeout: 30_000 })
      expect([
        (await counter.count('h')).times,
        (await counter.count('i')).times,
        (await counter.count('i')).times,
      ]).toEqual([1, 1, 2])
      expect([log.info.mock.calls, log.warn.mock.calls]).toEqual([
        [],
        [
          [
            { reason: 'it is a node of a Redis Cluster; one Redis is wanted, alone or with Redis Sentinel' },
            'REDIS_URL is of no use: this instance counts for itself',
          ],
        ],
      ])
      expect(shared.redis.status).toBe('end')
    } finally {
      await node.close()
      await rm(directory, { recursive: true })
    }
  })

  test('the start fails for a database that Redis does not have, and the error names it', async () => {
    await counterOn(`${redis.url}/99`, false)
    await expect(shared.checkDatabase()).rejects.toThrow(
      'REDIS_URL names database 99, which this Redis refuses: ERR DB index is out of range',
    )
    expect(await redis.client.get('gateway:there')).toBeNull()
    expect(log.info).not.toHaveBeenCalled()
    const limits = { writesPerMinute: 1, authFailuresPerMinute: 1, redisUrl: new URL(`${redis.url}/99`) }
    await expect(openLimits({ ...limits, eventLoopDelayMaxMs: 0 }, log)).rejects.toThrow('names database 99')
  })
})
