import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Connection } from '../domain/connection.ts'

/** A tag and whether it is weak (RFC 9110 §8.8.3). */
const tag = /(W\/)?"([\x21\x23-\x7e]*)"/g

/** The tag of a connection's state: its version, which every writer moves. */
const tagOf = ({ version }: Connection) => `"${version}"`

/** Names the state that is being answered. */
export function setEntityTag(reply: FastifyReply, connection: Connection): void {
  reply.header('etag', tagOf(connection))
}

/**
 * Versions that `If-Match` allows, or null if it is not sent or `*`: then whatever is there may be written. Compared
 * strongly (RFC 9110 §13.1.1), so a weak tag, like one that is not ours, allows nothing.
 */
export function expectedVersionsOf(request: FastifyRequest): number[] | null {
  const header = request.headers['if-match']
  if (header === undefined || header.trim() === '*') return null
  return [...header.matchAll(tag)].flatMap(([, weak, value = '']) =>
    weak === undefined && /^[1-9]\d{0,8}$/.test(value) ? [Number(value)] : [],
  )
}

/** Whether the caller has this state already: `If-None-Match`, compared weakly (RFC 9110 §13.1.2). */
export function isKnownTo(request: FastifyRequest, connection: Connection): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  return header.trim() === '*' || [...header.matchAll(tag)].some(([, , value]) => `"${value}"` === tagOf(connection))
}
