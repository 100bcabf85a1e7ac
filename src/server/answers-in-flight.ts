import type { Socket } from 'node:net'
import type { onRequestHookHandler, onSendHookHandler } from 'fastify'
import { GatewayError } from '../domain/errors.ts'

/** Limits of the answers that wait in memory because their clients do not read them. */
const limits = {
  /** Bytes of all waiting answers together. Above this the gateway refuses requests. */
  bytes: 64 * 2 ** 20,
  /** Pipelined requests of one connection that wait for their turn. The gateway disconnects a client with more. */
  waiting: 32,
}

/** The hooks that bound the memory of answers. */
export interface AnswersInFlight {
  /**
   * Lets a connection have one request in work. A client may send the next one ahead (RFC 9112 §9.3.2). That one begins
   * when the operating system has taken the answer before it. Register this hook before all others.
   */
  readonly takeTurns: onRequestHookHandler
  /** Refuses with 503 while the waiting answers of all connections exceed the limit. */
  readonly refuseAboveLimit: onRequestHookHandler
  readonly countBytes: onSendHookHandler
}

/** Makes the hooks of one server. */
export function createAnswersInFlight(): AnswersInFlight {
  /** The waiting requests of each connection that has a request in work. */
  const waitingOf = new WeakMap<Socket, (() => void)[]>()
  let bytes = 0

  return {
    takeTurns({ raw: { socket } }, { raw: answer }, done) {
      const begin = () => {
        answer.once('close', () => {
          // If the client has disconnected, its waiting requests do not begin: nobody would get the answers.
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
