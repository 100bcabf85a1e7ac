import { setTimeout as delay } from 'node:timers/promises'
import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { NatsServer } from '../../config/values.ts'
import type { Log } from '../../observability/log.ts'
import { createComplaint } from '../complaint.ts'
import { ensureStream } from './stream.ts'

/** Waits: for a connection, for an answer of JetStream, before the next attempt to connect, and at the end. */
const connectMs = 3_000
const answerMs = 3_000
const againMs = 500
const closeMs = 1_000

/** A server that leaves two pings without an answer is away. */
const pings = { pingInterval: 3_000, maxPingOut: 2 } as const

/** A connection to NATS. The stream of handovers is there. */
export interface NatsSession {
  readonly connection: NatsConnection
  readonly jetstream: JetStreamClient
}

/** Keeps one session with NATS: a broken one, or one that lost its stream, ends, and a new one opens. */
export interface NatsSessions {
  /** null: NATS is away. */
  current(): NatsSession | null
  /** Ends the present session because of a failure. */
  fail(error: unknown): void
  close(): Promise<void>
}

export interface NatsSessionsOptions {
  /** Tried one after the other. */
  readonly servers: readonly NatsServer[]
  readonly log: Log
  /** Called for each new session. The session ends if it rejects. */
  onOpen(session: NatsSession): Promise<void>
  onEnd(): void
}

/** Without `host` Node looks for `localhost` in the certificate of a server with an IP address. */
const optionsOf = ({ address, host, tls, credentials }: NatsServer) => ({
  servers: [address],
  name: 'mithril-connection-gateway',
  reconnect: false,
  ignoreClusterUpdates: true,
  timeout: connectMs,
  noAsyncTraces: true,
  ...pings,
  ...(tls && { tls: { handshakeFirst: false, host } }),
  ...credentials,
})

/** The server, and a name and a sentence of the library. None of them has a password. */
const reasonOf = (server: NatsServer | undefined, error: unknown) =>
  `${server?.address}: ${error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'}`

export function keepNatsSession({ servers, log, onOpen, onEnd }: NatsSessionsOptions): NatsSessions {
  const closing = new AbortController()
  let server: NatsServer | undefined
  let session: NatsSession | null = null
  let isNews = true
  const complaint = createComplaint(log, 'NATS cannot be used: events wait in the database')

  function complain(error: unknown): void {
    if (!closing.signal.aborted && complaint(reasonOf(server, error))) isNews = true
  }

  async function hold(server: NatsServer): Promise<void> {
    const connection = await connect(optionsOf(server))
    try {
      const opened = { connection, jetstream: jetstream(connection, { timeout: answerMs }) }
      // A server without a cluster refuses a stream with replicas.
      const isCluster = connection.info?.cluster !== undefined
      await ensureStream(opened.jetstream, isCluster && servers.length >= 3 ? 3 : 1)
      if (closing.signal.aborted) return
      await onOpen(opened)
      session = opened
      if (isNews) log.info({}, 'NATS is connected')
      isNews = false
      throw (await connection.closed()) ?? new Error('the connection was closed')
    } finally {
      session = null
      await connection.close()
      onEnd()
    }
  }

  async function run(): Promise<void> {
    for (let turn = 0; !closing.signal.aborted; turn++) {
      server = servers[turn % servers.length]
      if (server !== undefined) await hold(server).catch(complain)
      await delay(againMs, undefined, { signal: closing.signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    current: () => session,
    fail(error) {
      complain(error)
      void session?.connection.close()
      session = null
    },
    async close() {
      closing.abort()
      const connection = session?.connection
      const waits = () => delay(closeMs, undefined, { ref: false })
      // The last outcomes for relays leave before the connection ends. A server that is away is not waited for.
      await Promise.race([connection?.drain().catch(() => {}), waits()])
      await connection?.close()
      await Promise.race([running, waits()])
    },
  }
}
