import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { findFreePort } from './free-port.ts'

/** A TCP proxy in front of PostgreSQL, for faults of the network and for seeing what really is sent. Without TLS. */
export interface PostgresProxy {
  /** The database's own URL, but through the proxy. */
  readonly url: string
  /** The text of every statement that was sent, prepared or plain, in order. */
  readonly statements: string[]
  /** How often a client has waited for the server: messages that it answers with ReadyForQuery. */
  roundTrips(): number
  /** Connections are refused, and those there are were reset. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
  /** Connections break, and new ones are possible. */
  cut(): void
  /** Nothing is forwarded any more, and nothing is refused; new connections are accepted and never answered. */
  freeze(): void
  thaw(): void
  /** Everything arrives so much later from now on, in each direction. */
  slow(milliseconds: number): void
  close(): Promise<void>
}

/** Where the proxy sends connections; a function for a server that moves. */
type Target = string | (() => string)

export async function startPostgresProxy(target: Target): Promise<PostgresProxy> {
  const targetUrl = () => new URL(typeof target === 'string' ? target : target())
  const statements: string[] = []
  const pairs = new Set<readonly [Socket, Socket]>()
  let frozen = false
  let latencyMs = 0
  let roundTrips = 0

  const server = createServer({ noDelay: true }, (client) => {
    const { hostname, port } = targetUrl()
    const upstream = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 5432), noDelay: true })
    const pair = [client, upstream] as const
    pairs.add(pair)
    const read = createFrontendReader((message) => {
      if (message.sql !== null) statements.push(message.sql)
      if (message.waits) roundTrips += 1
    })
    const toServer = createLine(upstream, () => latencyMs)
    client.on('data', (chunk: Buffer) => {
      read(chunk)
      toServer(chunk)
    })
    upstream.on(
      'data',
      createLine(client, () => latencyMs),
    )
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('error', () => {})
      from.on('end', () => to.end())
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
      if (frozen) from.pause()
    }
  })
  const port = await findFreePort()
  const listen = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const reset = () => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy()
      upstream.destroy()
    }
  }
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    reset()
    await closed
  }
  await listen()

  return {
    url: Object.assign(targetUrl(), { hostname: '127.0.0.1', port }).href,
    statements,
    roundTrips: () => roundTrips,
    stop,
    start: listen,
    cut() {
      for (const [client, upstream] of pairs) {
        client.destroy()
        upstream.destroy()
      }
    },
    freeze() {
      frozen = true
      for (const sockets of pairs) for (const socket of sockets) socket.pause()
    },
    thaw() {
      frozen = false
      for (const sockets of pairs) for (const socket of sockets) socket.resume()
    },
    slow(milliseconds) {
      latencyMs = milliseconds
    },
    close: stop,
  }
}

/** Sends chunks on after the time that a line takes, in their order whatever that time becomes meanwhile. */
function createLine(to: Socket, latencyMs: () => number): (chunk: Buffer) => void {
  const underway: { readonly chunk: Buffer; readonly arrivesAt: number }[] = []
  const arrive = () => {
    for (let first = underway[0]; first !== undefined; first = underway[0]) {
      const left = first.arrivesAt - performance.now()
      if (left > 0) {
        setTimeout(arrive, left)
        return
      }
      underway.shift()
      to.write(first.chunk)
    }
  }
  return (chunk) => {
    if (latencyMs() === 0 && underway.length === 0) {
      to.write(chunk)
      return
    }
    underway.push({ chunk, arrivesAt: performance.now() + latencyMs() })
    if (underway.length === 1) arrive()
  }
}

interface FrontendMessage {
  readonly sql: string | null
  readonly waits: boolean
}

/** Splits what a client sends into messages (https://www.postgresql.org/docs/18/protocol-message-formats.html). */
function createFrontendReader(onMessage: (message: FrontendMessage) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  // The first message of a connection has no type byte.
  let started = false
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const head = started ? 1 : 0
      if (rest.length < head + 4) return
      const length = head + rest.readInt32BE(head)
      if (rest.length < length) return
      const body = rest.subarray(head + 4, length).toString('utf8')
      const type = started ? String.fromCharCode(rest.readUInt8(0)) : ''
      // Parse: statement name, text. Query: text.
      const sql = type === 'P' ? body.split('\0')[1] : type === 'Q' ? body.split('\0')[0] : undefined
      onMessage({ sql: sql ?? null, waits: type === 'S' || type === 'Q' })
      started = true
      rest = rest.subarray(length)
    }
  }
}
