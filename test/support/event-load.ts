import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { buildGateway } from './built-gateway.ts'
import type { ReceivedMessage } from './event-receiver.ts'
import type { TestIssuer } from './tokens.ts'

/** The key of the gateways that `startEventGateway` starts. */
export const loadSigningKey = Buffer.from('a key of the tests, 32 bytes long')

/** Seconds that `npm run test:events` loads gateways. EVENTS_RUN_SECONDS below 60 asks for the short form. */
export const runSeconds = Number(process.env['EVENTS_RUN_SECONDS'] ?? 120)
export const isShort = runSeconds < 60

/** A wait of this time is a hang, on every machine. */
export const hangMs = 180_000

/**
 * Starts the built gateway with events, in a process of its own, and waits until it listens. The test ends it.
 * @param more Variables beside those that every gateway with events needs.
 */
export async function startEventGateway(
  databaseUrl: string,
  issuer: TestIssuer,
  more: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const child = spawn(process.execPath, await buildGateway(), {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      PORT: '0',
      DATABASE_URL: databaseUrl,
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      PUBLIC_URL: 'https://gateway.example.ua',
      EVENTS: 'on',
      EVENT_SIGNING_KEY: loadSigningKey.toString('base64'),
      EVENT_TARGET_NETWORKS: '127.0.0.1',
      ...more,
    },
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // The log goes on for as long as the gateway runs. What follows is not needed.
      if (!isListening(log)) log += text
      if (isListening(log)) resolve()
    })
    child.once('exit', () => reject(new Error(`The gateway ended: ${log}`)))
  })
  return child
}

const isListening = (log: string) => log.includes('"msg":"listening"')

/** Stores a redirect URI. Each URI is used once, so it names its change. */
export type StoreUri = (connectionId: string, uri: string) => Promise<unknown>

export interface ChangeLoad {
  readonly connectionIds: readonly string[]
  readonly perSecond: number
  /** One for each writer. A failure costs the change, and the writer goes on. */
  readonly stores: readonly StoreUri[]
  /** Whether the load is over. */
  readonly isOver: () => boolean
}

/**
 * Changes connections at a steady rate, as Mithril would.
 * @returns when each change was acknowledged, `performance.now()` by redirect URI
 */
export async function writeChanges({ connectionIds, perSecond, stores, isOver }: ChangeLoad) {
  const startedAt = performance.now()
  const committedAt = new Map<string, number>()
  let begun = 0
  const write = async (store: StoreUri) => {
    while (!isOver()) {
      const due = ((performance.now() - startedAt) / 1_000) * perSecond
      if (begun > due) {
        await delay(2)
        continue
      }
      const id = connectionIds[begun++ % connectionIds.length] ?? ''
      const uri = `https://${randomUUID()}.example.ua/`
      const isStored = await store(id, uri).then(
        () => true,
        () => false,
      )
      if (isStored) committedAt.set(uri, performance.now())
    }
  }
  await Promise.all(stores.map(write))
  return committedAt
}

/** What a receiver got, compared with the ids of the audit. */
export interface EventVerdict {
  /** Ids of the audit that never came. */
  readonly lost: readonly string[]
  /** Ids that the audit does not have. */
  readonly unknown: readonly string[]
  /** Ids that came first after a later one of their connection. */
  readonly outOfOrder: readonly string[]
  /** Messages whose id had come before. */
  readonly doubles: readonly ReceivedMessage[]
}

export function judgeEvents(messages: readonly ReceivedMessage[], audited: readonly string[]): EventVerdict {
  const known = new Set(audited)
  const seen = new Set<string>()
  const latest = new Map<string, number>()
  const unknown: string[] = []
  const outOfOrder: string[] = []
  const doubles: ReceivedMessage[] = []
  for (const message of messages) {
    const { id, event } = message
    if (!known.has(id)) unknown.push(id)
    if (seen.has(id)) {
      doubles.push(message)
      continue
    }
    seen.add(id)
    const number = Number(id.slice('chg_'.length))
    if (number < (latest.get(event.subject) ?? 0)) outOfOrder.push(id)
    latest.set(event.subject, number)
  }
  return { lost: audited.filter((id) => !seen.has(id)), unknown, outOfOrder, doubles }
}

/** Waits until every id has come, or the wait is a hang. @returns seconds that it took */
export async function untilAllCame(messages: readonly ReceivedMessage[], audited: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  const missing = new Set(audited)
  for (let next = 0; ; ) {
    for (; next < messages.length; next++) missing.delete(messages[next]?.id ?? '')
    const ms = performance.now() - startedAt
    if (missing.size === 0 || ms > hangMs) return Math.round(ms / 100) / 10
    await delay(100)
  }
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Milliseconds from commit to the first POST, for each change that came. */
export function delaysOf(messages: readonly ReceivedMessage[], committedAt: ReadonlyMap<string, number>): number[] {
  const delays = new Map<string, number>()
  for (const { event, at } of messages) {
    const uri = String(event.data['after'])
    const committed = committedAt.get(uri)
    if (committed !== undefined && !delays.has(uri)) delays.set(uri, Math.max(0, at - committed))
  }
  return [...delays.values()]
}
