import type { Socket } from 'node:net'
import type { onRequestHookHandler, onSendHookHandler } from 'fastify'
import { GatewayError } from '../domain/errors.ts'

/** Limits of the answers that wait in memory because their clients do not read them. */
const limits = {
  /** Bytes of all waiting answers together. Above this the gateway refuses requests. */
  bytes: 64 * 2 ** 20,
  /** Pipelined requests of one connection that wait for their turn. The gateway disconnects a client with more. */
  waiting: 32,
  /** Such requests of all connections together. The gateway disconnects a client that goes beyond. */
  waitingInAll: 5_000,
}

/** The hooks that bound the memory of answers. */
export interface AnswersInFlight {
  /**
   * Lets a connection have one request in work. A client may send the next one ahead (RFC 9112 §9.3.2). That one begins
   * when the operating system has taken the answer before it. Register this hook before all others.
   */
  readonly takeTurns: onRequestHookHandler
  /**
   * Refuses with 503 while the waiting answers of all connections exceed the limit. Probes pass, because an
   * orchestrator would end a process that is merely busy.
   */
  readonly refuseAboveLimit: onRequestHookHandler
  readonly countBytes: onSendHookHandler
}

/** Makes the hooks of one server. */
export function createAnswersInFlight(): AnswersInFlight {
  /** The waiting requests of each connection that has a request in work. */
  const waitingOf = new WeakMap<Socket, (() => void)[]>()
  let bytes = 0
  let waitingInAll = 0

  return {
    takeTurns({ raw: { socket } }, { raw: answer }, done) {
      const begin = () => {
        answer.once('close', () => {
          const waiting = waitingOf.get(socket) ?? []
          // If the connection has ended, its waiting requests do not begin: nobody would get the answers.
          const next = socket.destroyed || socket.writableEnded ? undefined : waiting.shift()
          if (next === undefined) {
            waitingInAll -= waiting.length
            waitingOf.delete(socket)
          } else {
            waitingInAll -= 1
            next()
          }
        })
        done()
      }
      const waiting = waitingOf.get(socket)
      if (waiting === undefined) {
        waitingOf.set(socket, [])
        begin()
      } else {
        waitingInAll += 1
        if (waiting.push(begin) > limits.waiting || waitingInAll > limits.waitingInAll) socket.destroy()
      }
    },
    refuseAboveLimit: ({ routeOptions }, _reply, done) => {
      const refused = bytes > limits.bytes && routeOptions.config.probe !== true
      done(refused ? new GatewayError('unavailable', { retryAfter: 1 }) : undefined)
    },
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
