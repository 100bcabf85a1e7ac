import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { defaultLimits } from '../../../src/auth/key-set-limits.ts'
import { makeKey, type TokenRequest } from '../../support/tokens.ts'
import { createCaller } from '../caller.ts'
import type { Fault } from '../fault.ts'
import { connections } from '../registry.ts'
import type { Stage } from '../stage.ts'

/** The statuses that reads with such tokens are answered, each once. */
async function statusesOf({ gateway, issuer }: Stage, requests: readonly TokenRequest[]): Promise<number[]> {
  const caller = createCaller()
  const [target] = connections
  const url = `${gateway.origin}/api/clients/${target?.clientId}/connections/${target?.connectionId}`
  const found = new Set<number>()
  for (const request of requests) {
    const headers = { authorization: `Bearer ${issuer.mint({ clientId: target?.clientId, ...request })}` }
    const answer = await caller.ask({ method: 'GET', url, headers })
    found.add(answer.kind === 'answered' ? answer.status : 0)
  }
  caller.close()
  return [...found].sort()
}

async function expectStatuses(
  stage: Stage,
  what: string,
  requests: readonly TokenRequest[],
  allowed: readonly number[],
): Promise<void> {
  const found = await statusesOf(stage, requests)
  stage.expect(
    found.length > 0 && found.every((status) => allowed.includes(status)),
    `${what} is answered ${found.join(', ')}`,
  )
}

const served = ({ ledger }: Stage, from: number) =>
  ledger.filter((one) => one.startedAt >= from && one.kind === 'write').every(({ outcome }) => outcome === 200)

/** Longer than the time in which an unknown key leads to no new fetch. */
const pastCooldownMs = (defaultLimits.cooldownSeconds + 1) * 1_000

/** Shifts the clock of a process at each SIGUSR2: five minutes ahead, five minutes behind, and back. */
const shiftedClock = `data:text/javascript,${encodeURIComponent(`
  const RealDate = Date
  const shifts = [300_000, -300_000, 0]
  let shift = 0
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length === 0 ? [RealDate.now() + shift] : given))
    }
    static now() {
      return RealDate.now() + shift
    }
  }
  process.on('SIGUSR2', () => {
    shift = shifts.shift() ?? 0
  })
`)}`

/** What happens to the issuer's keys, and to clocks. */
export const issuerFaults: readonly Fault[] = [
  {
    name: 'keys away when the gateway starts',
    prepare: ({ issuer }) => issuer.stop(),
    async strike(stage) {
      await expectStatuses(stage, 'a token that may be good', [{}], [503])
      await delay(3_000)
      await stage.issuer.restart()
    },
  },
  {
    name: 'keys slow when the gateway starts',
    prepare: async ({ issuer }) => issuer.slow(3_000),
    async strike({ issuer }) {
      await delay(2_000)
      issuer.recover()
    },
  },
  {
    name: 'keys wrong when the gateway starts: rubbish, then none, then an error',
    prepare: async ({ issuer }) => issuer.send('<html>'),
    async strike(stage) {
      const { issuer } = stage
      await delay(1_500)
      issuer.send('{"keys":[]}')
      await delay(1_500)
      issuer.fail(500)
      await delay(1_000)
      await expectStatuses(stage, 'a token that may be good', [{}], [503])
      issuer.recover()
    },
  },
  {
    name: 'keys away while it runs',
    takesKeys: true,
    async strike(stage) {
      await stage.issuer.stop()
      const from = performance.now()
      // A new key of the issuer's, for all that can be known: not the token's fault.
      await expectStatuses(stage, 'a token with an unknown key', [{ key: makeKey() }], [503])
      await delay(3_000)
      stage.expect(served(stage, from), 'a known key did not go on serving')
      await stage.issuer.restart()
    },
  },
  {
    name: 'keys wrong while it runs: rubbish where a new one is asked for',
    takesKeys: true,
    async strike(stage) {
      stage.issuer.send('{"keys":"none"}')
      const from = performance.now()
      await expectStatuses(stage, 'a token with an unknown key', [{ key: makeKey() }, { key: makeKey() }], [503])
      await delay(2_000)
      stage.expect(served(stage, from), 'a known key did not go on serving')
      stage.issuer.recover()
    },
  },
  {
    name: 'keys rotated',
    async strike(stage) {
      const { issuer } = stage
      await delay(pastCooldownMs)
      const from = performance.now()
      const old = issuer.key
      issuer.rotate({ keepOld: true })
      await delay(2_000)
      await expectStatuses(stage, 'a token of the old key', [{ key: old }], [200])
      await expectStatuses(stage, 'a token of the new key', [{}], [200])
      stage.expect(served(stage, from), 'a request failed because of the rotation')
    },
  },
  {
    name: 'a flood of unknown kids',
    async strike(stage) {
      const { issuer } = stage
      const [hits, from] = [issuer.hits(), performance.now()]
      const strangers = Array.from({ length: 1_000 }, () => ({ header: { kid: randomUUID() } }))
      const lanes = Array.from({ length: 250 }, (_, lane) => strangers.filter((_, index) => index % 250 === lane))
      await Promise.all(lanes.map((requests) => expectStatuses(stage, 'an unknown kid', requests, [401, 503])))
      stage.expect(served(stage, from), 'good callers were disturbed')
      const fetched = issuer.hits() - hits
      // One for each cooldown, the first and the last one.
      const atMost = 2 + (performance.now() - from) / (defaultLimits.cooldownSeconds * 1_000)
      stage.notes.push(`${fetched} fetches for 1000 kids`)
      stage.expect(fetched <= atMost, `the keys were fetched ${fetched} times`)
    },
  },
  {
    name: "the issuer's clock is off by minutes",
    async strike(stage) {
      const now = Math.floor(Date.now() / 1_000)
      await expectStatuses(
        stage,
        'a token from the future',
        [{ issuedAt: now + 180 }, { claims: { nbf: now + 180 } }],
        [401],
      )
      await expectStatuses(
        stage,
        'a token that ended minutes ago',
        [{ issuedAt: now - 3_780, expiresInSeconds: 3_600 }],
        [401],
      )
      // 30 s are tolerated.
      await expectStatuses(
        stage,
        'a token from a clock that is nearly right',
        [{ issuedAt: now + 20 }, { issuedAt: now - 3_615, expiresInSeconds: 3_600 }],
        [200],
      )
    },
  },
  {
    name: "the gateway's clock is off by minutes",
    nodeOptions: ['--import', shiftedClock],
    async strike(stage) {
      const now = () => Math.floor(Date.now() / 1_000)
      const turnOn = async () => {
        stage.gateway.signal('SIGUSR2')
        await delay(200)
      }
      // What callers are told then is not what they expect.
      await stage.stopTraffic()
      await turnOn()
      await expectStatuses(stage, 'a good token, five minutes later', [{}], [200])
      await expectStatuses(
        stage,
        'a token that ends in four minutes, five minutes later',
        [{ expiresInSeconds: 240 }],
        [401],
      )
      await turnOn()
      await expectStatuses(stage, 'a good token, five minutes earlier', [{}], [401])
      await expectStatuses(
        stage,
        'a token of ten minutes ago, five minutes earlier',
        [{ issuedAt: now() - 600, expiresInSeconds: 900 }],
        [200],
      )
      await turnOn()
      await expectStatuses(stage, 'a good token, in time', [{}], [200])
      stage.startTraffic()
    },
  },
]
