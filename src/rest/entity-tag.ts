import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Connection } from '../domain/connection.ts'
import { HttpRefusal } from '../server/http-refusals.ts'

/** One member of a list of entity tags, with the comma behind it (RFC 9110 §5.6.1, §8.8.3). */
const member = /[\t ,]*(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?:,[\t ,]*|$)/y

/** A version, and the ending that Apache and lighttpd add to the tag of an answer that they compress. */
const versionTag = /^([1-9]\d{0,8})(?:-(?:gzip|br|zstd|deflate))?$/

/**
 * The tag of a connection's state: its version, which every write moves. The tag is strong although `meta.request_id`
 * differs in each answer, because `If-Match` compares strong tags only, and the tag names the state, not the bytes.
 */
export const entityTagOf = ({ version }: Pick<Connection, 'version'>) => `"${version}"`

/** Names the state that is being answered. */
export function setEntityTag(reply: FastifyReply, connection: Connection): void {
  reply.header('etag', entityTagOf(connection))
}

/**
 * The versions that a header lists; `*` as such. A tag that a proxy made from ours while it compressed (`W/"13"`,
 * `"13-gzip"`) is the version 13: `docs/decisions/0029-entity-tags-of-proxies.md`. Any other tag is no version.
 * @throws GatewayError `malformedRequest` for a header that is neither `*` nor a list of tags
 */
function versionsIn(name: string, header: string): '*' | number[] {
  const text = header.trim()
  if (text === '*') return '*'
  const versions: number[] = []
  for (let index = 0; index < text.length || index === 0; index = member.lastIndex) {
    member.lastIndex = index
    const [, value] = member.exec(text) ?? []
    if (value === undefined)
      throw new HttpRefusal('malformedRequest', {
        reason: `${name} is no list of entity tags`,
        part: { header: name },
      })
    const version = versionTag.exec(value)?.[1]
    if (version !== undefined) versions.push(Number(version))
  }
  return versions
}

/**
 * Versions that a write may meet, or null for any: `If-Match`. With `If-None-Match: *` (RFC 9110 §13.1.2) there are
 * none, since a write needs a connection that exists.
 * @throws GatewayError `malformedRequest`, also for tags in `If-None-Match`: no client needs them to write
 */
export function expectedVersionsOf({ headers }: FastifyRequest): number[] | null {
  const header = headers['if-match']
  const unwanted = headers['if-none-match']
  if (unwanted !== undefined) {
    const name = 'If-None-Match'
    if (versionsIn(name, unwanted) === '*') return []
    throw new HttpRefusal('malformedRequest', { reason: `${name} of a write may be * only`, part: { header: name } })
  }
  const versions = header === undefined ? '*' : versionsIn('If-Match', header)
  return versions === '*' ? null : versions
}

/**
 * Whether the caller has this state already: `If-None-Match` (RFC 9110 §13.1.2).
 * @throws GatewayError `malformedRequest`
 */
export function isKnownTo({ headers }: FastifyRequest, { version }: Connection): boolean {
  const header = headers['if-none-match']
  if (header === undefined) return false
  const versions = versionsIn('If-None-Match', header)
  return versions === '*' || versions.includes(version)
}
