import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** What the gateway reads, and throws away, of a connection that it has answered for the last time. */
const limits = {
  /** Of one connection. */
  bytes: 8 * 2 ** 20,
  milliseconds: 10_000,
  /** Of one connection without a byte. */
  idleMilliseconds: 2_000,
  /** Of one connection, from the moment when the gateway drains. */
  millisecondsWhileDraining: 500,
  /** Of all connections together. */
  connections: 100,
  /** Of all connections together in a second. Who sends more waits. */
  bytesPerSecond: 64 * 2 ** 20,
}

/** Node reads the rest of a shorter body by itself, and the connection lives on. */
const bytesReadForNextRequest = 64 * 1024

/** What Node keeps at a socket: the request that its parser is reading. */
interface HttpSocket {
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
}

/**
 * Whether a request still has a body to come that is not worth reading for the sake of its connection. Its answer says
 * `Connection: close`.
 */
export function hasMuchToCome({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > bytesReadForNextRequest
}

/** Closes connections whose clients may still be sending. */
export interface LingeringClose {
  /**
   * Ends our side of a connection and reads on, so that the last answer arrives (RFC 9112 §9.6). A socket that is closed
   * while bytes wait in it makes the kernel reset the connection, and the client loses an answer that it has not read.
   * Nothing of what comes is taken for a request.
   */
  close(socket: Socket): void
  /** Whether a connection is being closed so. */
  isClosing(socket: Socket): boolean
  /** Makes Node close this connection so after its last answer, whatever was read of it. */
  mark(socket: Socket): void
  /** Notes that an answer which says `Connection: close` is on its way to this connection. */
  noteLastAnswer(socket: Socket): void
  /**
   * Whether a connection has been told that it ends. RFC 9112 §9.6 forbids to process what comes after that; Node's parser
   * goes on with bytes that it has already.
   */
  hasLastAnswer(socket: Socket): boolean
  /** Makes Node close each connection so whose last request has not been read to its end. Call it once. */
  watch(app: FastifyInstance): void
}

/** Makes the one closer of a server. All its connections share the limits of reading on. */
export function createLingeringClose(): LingeringClose {
  const open = new Set<Socket>()
  const marked = new WeakSet<Socket>()
  const toldToEnd = new WeakSet<Socket>()
  const second = { endsAt: 0, bytes: 0 }
  let draining = false

  /** Stops reading of a connection until the next second, if all connections have had their share of this one. */
  function share(socket: Socket, bytes: number): void {
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
    // Our listener takes the bytes away from Node's parser, which would go on to the next request.
    for (const event of ['data', 'end']) socket.removeAllListeners(event)
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limits.bytes) socket.destroy()
      else share(socket, chunk.length)
    })
    const timer = setTimeout(
      () => socket.destroy(),
      draining ? limits.millisecondsWhileDraining : limits.milliseconds,
    ).unref()
    socket.once('close', () => {
      clearTimeout(timer)
      open.delete(socket)
    })
    // Node's own listener destroys a socket after that.
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
