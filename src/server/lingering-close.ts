import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Limits of reading on: the gateway reads and discards the rest of a connection after its last answer. */
const limits = {
  /** Bytes of one connection. */
  bytes: 8 * 2 ** 20,
  /** Time of one connection. */
  milliseconds: 10_000,
  /** Time in which one connection sends nothing. */
  idleMilliseconds: 2_000,
  /** Time of one connection after the gateway begins to drain. */
  millisecondsWhileDraining: 500,
  /** Connections that are read on at the same time. */
  connections: 100,
  /** Bytes of all connections together in a second. Above this the gateway pauses the connection that sends. */
  bytesPerSecond: 64 * 2 ** 20,
}

/** Node itself reads the rest of a body up to this length, and keeps the connection open. */
const bytesReadForNextRequest = 64 * 1024

/** Node keeps the request that its parser is reading as this undocumented member of the socket. */
interface HttpSocket {
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
}

/**
 * Whether the rest of a request's body is too long to read only to keep the connection. The answer to such a request
 * says `Connection: close`.
 */
export function hasMuchToCome({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > bytesReadForNextRequest
}

/** Closes connections whose clients may still be sending. */
export interface LingeringClose {
  /**
   * Ends our side of a connection and reads on, so that the last answer arrives (RFC 9112 §9.6). If a socket is closed
   * while it holds unread bytes, the kernel resets the connection. The client then loses an answer that it has not
   * read. The bytes that arrive are not parsed as requests.
   */
  close(socket: Socket): void
  /** Whether a connection is being closed in this way. */
  isClosing(socket: Socket): boolean
  /** Makes Node close this connection in this way after its last answer, even if its last request is complete. */
  mark(socket: Socket): void
  /** Notes that an answer which says `Connection: close` is on its way to this connection. */
  noteLastAnswer(socket: Socket): void
  /**
   * Whether an answer with `Connection: close` has gone out. RFC 9112 §9.6 forbids to process later requests, but
   * Node's parser goes on with the bytes that it already has.
   */
  hasLastAnswer(socket: Socket): boolean
  /** Makes Node close a connection in this way if its last request is not read to its end. Call it once. */
  watch(app: FastifyInstance): void
}

/** Makes the closer of one server. All its connections share the limits of reading on. */
export function createLingeringClose(): LingeringClose {
  const open = new Set<Socket>()
  const marked = new WeakSet<Socket>()
  const toldToEnd = new WeakSet<Socket>()
  const second = { endsAt: 0, bytes: 0 }
  let draining = false

  /** Pauses a connection until the next second if all connections together have sent too many bytes in this one. */
  function throttle(socket: Socket, bytes: number): void {
    const now = performance.now()
    if (now > second.endsAt) Object.assign(second, { endsAt: now + 1_000, bytes: 0 })
    second.bytes += bytes
    if (second.bytes <= limits.bytesPerSecond) return
    socket.pause()
    setTimeout(() => socket.resume(), second.endsAt - now).unref()
  }

  function close(socket: Socket): void {
    if (socket.destroyed || open.has(socket)) return
    open.add(socket)
    let bytes = 0
    // Our listener replaces that of Node's parser, which would go on to the next request.
    for (const event of ['data', 'end']) socket.removeAllListeners(event)
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limits.bytes) socket.destroy()
      else throttle(socket, chunk.length)
    })
    const timer = setTimeout(
      () => socket.destroy(),
      draining ? limits.millisecondsWhileDraining : limits.milliseconds,
    ).unref()
    socket.once('close', () => {
      clearTimeout(timer)
      open.delete(socket)
    })
    // Node's own `timeout` listener destroys the socket.
    socket.setTimeout(limits.idleMilliseconds)
    socket.end()
    socket.resume()
    if (open.size > limits.connections) socket.destroySoon()
  }

  return {
    close,
    isClosing: (socket) => open.has(socket),
    mark: (socket) => void marked.add(socket),
    noteLastAnswer: (socket) => void toldToEnd.add(socket),
    hasLastAnswer: (socket) => toldToEnd.has(socket),
    watch(app) {
      app.server.on('connection', (socket: Socket) => {
        const { destroySoon } = socket
        // Node calls this after an answer that says `Connection: close`.
        socket.destroySoon = function closeOrLinger() {
          const isUnread = (socket as HttpSocket).parser?.incoming?.complete === false || marked.has(socket)
          if (isUnread && !open.has(socket)) close(socket)
          else destroySoon.call(socket)
        }
      })
      app.addHook('preClose', (done) => {
        draining = true
        const timer = setTimeout(() => {
          for (const socket of open) socket.destroy()
        }, limits.millisecondsWhileDraining)
        timer.unref()
        done()
      })
    },
  }
}
