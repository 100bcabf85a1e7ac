import type { Socket } from 'node:net'
import type { onRequestHookHandler, onSendHookHandler } from 'fastify'
import { GatewayError } from '../domain/errors.ts'

/** Answers that have been made and not sent. A client that does not read leaves them in memory. */
const limits = {
  /** Bytes of all answers together, from which on requests are refused. */
  bytes: 64 * 2 ** 20,
  /** Pipelined requests of one connection that wait for their turn. A client with more is disconnected. */
  waiting: 32,
}

/** The hooks that bound the memory of answers. */
export interface AnswersInFlight {
  /**
   * Lets a connection have one request in work. The next one, which a client may send ahead (RFC 9112 §9.3.2), begins when
   * the operating system has taken the answer before it. Register it before all other hooks.
   */
  readonly takeTurns: onRequestHookHandler
  /** Refuses with 503 while the answers of all connections together are too much. */
  readonly refuseAboveLimit: onRequestHookHandler
  readonly countBytes: onSendHookHandler
}

/** Makes the hooks of one server. */
export function createAnswersInFlight(): AnswersInFlight {
  /** Of each connection that has a request in work: the requests that wait. */
  const waitingOf = new WeakMap<Socket, (() => void)[]>()
  let bytes = 0

  return {
    takeTurns({ raw: { socket } }, { raw: answer }, done) {
      const begin = () => {
        answer.once('close', () => {
          // A client that has gone gets no answer, so what waits is not begun.
          const next = socket.destroyed ? undefined : waitingOf.get(socket)?.shift()
          if (next === undefined) waitingOf.delete(socket)
          else next()
        })
        done()
      }
      const waiting = waitingOf.get(socket)
      if (waiting === undefined) {
        waitingOf.set(socket, [])
        begin()
      } else if (waiting.push(begin) > limits.waiting) socket.destroy()
    },
    refuseAboveLimit: (_request, _reply, done) =>
      done(bytes > limits.bytes ? new GatewayError('unavailable', { retryAfter: 1 }) : undefined),
    countBytes(_request, { raw: answer }, payload, done) {
      const length = typeof payload === 'string' || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0
      if (length > 0 && !answer.destroyed) {
        bytes += length
        answer.once('close', () => {
          bytes -= length
        })
      }
      done(null, payload)
    },
  }
}
