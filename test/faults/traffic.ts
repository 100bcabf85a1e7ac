import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { makeKey, type TestIssuer, type TokenRequest } from '../support/tokens.ts'
import { type Caller, createCaller, type Question } from './caller.ts'
import { type Attempt, type Door, type Ledger, readAnswer } from './ledger.ts'
import { type Connection, connections } from './registry.ts'
import { forgedToken } from './verdict.ts'

export const writers = 20
export const readers = 5

export interface TrafficOptions {
  readonly origins: readonly (() => string)[]
  readonly issuer: TestIssuer
  readonly ledger: Ledger
  /** What the writers write to. */
  readonly targets?: readonly Connection[]
}

/** Callers that go on calling until they are stopped. */
export interface Traffic {
  /** Ends after the last answer. */
  stop(): Promise<void>
}

/** What a caller wants; the same over both doors. */
interface Intention {
  readonly kind: Attempt['kind']
  readonly what: string
  readonly target: Pick<Connection, 'clientId' | 'connectionId'>
  readonly token: string | null
  readonly uri: string | null
  readonly expected: readonly number[]
  /** In the place of a body that makes sense. */
  readonly rawBody?: string
  readonly expectedVersion?: number
}

const mutation = `mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { redirectUri version } } }`
const query = `query ($clientId: ID!, $connectionId: ID!) { clientConnection(clientId: $clientId, connectionId: $connectionId) { redirectUri version } }`

function questionOf(
  door: Door,
  origin: string,
  { kind, target, token, uri, rawBody, expectedVersion }: Intention,
): Question {
  const { clientId, connectionId } = target
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
  if (door === 'REST') {
    const url = `${origin}/api/clients/${clientId}/connections/${connectionId}`
    return kind === 'read'
      ? { method: 'GET', url, headers }
      : { method: 'PATCH', url, headers, body: rawBody ?? JSON.stringify({ redirect_uri: uri }) }
  }
  const input = { clientId, connectionId, redirectUri: uri, ...(expectedVersion !== undefined && { expectedVersion }) }
  const document =
    kind === 'read' ? { query, variables: { clientId, connectionId } } : { query: mutation, variables: { input } }
  return { method: 'POST', url: `${origin}/graphql`, headers, body: rawBody ?? JSON.stringify(document) }
}

/** A little more than nothing between two requests of a caller; more where it was turned away. */
const pauseMs = 20
const pauseAfterRefusalMs = 80

/** Requests for which a caller uses the same token. */
const tokenLasts = 500

/** Starts 20 writers, 5 readers and 3 bad callers, over both doors and on all gateways in turn. */
export function startTraffic({ origins, issuer, ledger, targets = connections }: TrafficOptions): Traffic {
  const run = randomUUID().slice(0, 8)
  const caller: Caller = createCaller()
  let running = true
  let number = 0

  async function attempt(turn: number, intention: Intention): Promise<Attempt> {
    const door: Door = turn % 2 === 0 ? 'REST' : 'GRAPHQL'
    const gateway = Math.floor(turn / 2) % origins.length
    const { kind, what, uri, expected, target } = intention
    const startedAt = performance.now()
    const answer = await caller.ask(questionOf(door, origins[gateway]?.() ?? '', intention))
    const done = {
      kind,
      what,
      uri,
      expected,
      door,
      gateway,
      startedAt,
      endedAt: performance.now(),
      ...readAnswer(door, answer),
    }
    const entry = { ...done, connectionId: target.connectionId }
    ledger.push(entry)
    return entry
  }

  async function goOn(first: number, pause: number, next: (turn: number) => Intention): Promise<void> {
    await delay(Math.random() * pause)
    for (let turn = first; running; turn++) {
      const { outcome, expected } = await attempt(turn, next(turn))
      await delay(expected.some((status) => status === outcome) ? pause : pauseAfterRefusalMs)
    }
  }

  const pick = () => targets[Math.floor(Math.random() * targets.length)] as Connection // there is at least one
  const unique = (word: string) => `https://${word}-${++number}.${run}.example.ua/callback`

  /** Tokens for each client, kept for a while as real callers do. */
  function tokens(request: TokenRequest = {}): (clientId: string) => string {
    const kept = new Map<string, { token: string; left: number; key: unknown }>()
    return (clientId) => {
      const found = kept.get(clientId)
      if (found !== undefined && found.left-- > 0 && found.key === issuer.key) return found.token
      const token = issuer.mint({ clientId, ...request })
      kept.set(clientId, { token, left: tokenLasts, key: issuer.key })
      return token
    }
  }

  function writer(): (turn: number) => Intention {
    const tokenOf = tokens()
    return () => {
      const target = pick()
      return {
        kind: 'write',
        what: 'a write',
        target,
        token: tokenOf(target.clientId),
        uri: unique('good'),
        expected: [200],
      }
    }
  }

  function reader(): (turn: number) => Intention {
    const tokenOf = tokens({ scope: 'connection:read' })
    return () => {
      const target = pick()
      return { kind: 'read', what: 'a read', target, token: tokenOf(target.clientId), uri: null, expected: [200] }
    }
  }

  const goodToken = tokens()
  const tokenToRead = tokens({ scope: 'connection:read' })
  const bad = (what: string, expected: number, more: Partial<Intention> = {}): Intention => {
    const target = more.target ?? pick()
    return {
      kind: 'bad',
      what,
      target,
      token: goodToken(target.clientId),
      uri: unique('bad'),
      expected: [expected],
      ...more,
    }
  }
  const stranger = makeKey()
  const forged = ({ clientId }: Connection) => issuer.mint({ clientId, key: { ...stranger, kid: issuer.key.kid } })
  const expired = ({ clientId }: Connection) =>
    issuer.mint({ clientId, issuedAt: Math.floor(Date.now() / 1_000) - 900, expiresInSeconds: 600 })
  const badToken = (turn: number): Intention => {
    const kinds = [
      () => bad('no token', 401, { token: null }),
      () => bad('a token that is none', 401, { token: 'rubbish' }),
      () => bad(forgedToken, 401, { token: forged(pick()) }),
      () => bad('an expired token', 401, { token: expired(pick()) }),
    ]
    return (kinds[(turn >> 1) % kinds.length] as () => Intention)() // the index is within
  }
  const anotherClient = randomUUID()
  const badRight = (turn: number): Intention => {
    const target = pick()
    return (turn >> 1) % 2 === 0
      ? bad('a token without the scope', 403, { target, token: tokenToRead(target.clientId) })
      : bad('a token of another client', 403, { target, token: goodToken(anotherClient) })
  }
  const badBody = (turn: number): Intention => {
    const plain = unique('bad').replace('https:', 'http:')
    const kinds = [
      () => bad('a value that is not https', 422, { uri: plain }),
      () => bad('a connection that is not there', 404, { target: { ...pick(), connectionId: randomUUID() } }),
      () => bad('a body that is no JSON', 400, { rawBody: `{ "redirect_uri": "${unique('bad')}"` }),
      // REST would say 412: its conditional request is a header, and this run only knows what the fault list allows.
      () =>
        bad(
          'a version that is not there',
          turn % 2 === 0 ? 422 : 409,
          turn % 2 === 0 ? { uri: plain } : { expectedVersion: 2 ** 30 },
        ),
    ]
    return (kinds[(turn >> 1) % kinds.length] as () => Intention)() // the index is within
  }

  const all = [
    ...Array.from({ length: writers }, (_, index) => goOn(index, pauseMs, writer())),
    ...Array.from({ length: readers }, (_, index) => goOn(index, pauseMs, reader())),
    ...[badToken, badRight, badBody].map((next, index) => goOn(index, 2 * pauseMs, next)),
  ]
  return {
    async stop() {
      running = false
      await Promise.all(all)
      caller.close()
    },
  }
}
