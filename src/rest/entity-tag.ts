import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Connection } from '../domain/connection.ts'
import { HttpRefusal } from '../server/http-refusals.ts'

/** One member of a list of entity tags, with the comma behind it (RFC 9110 §5.6.1, §8.8.3). */
const member = /[\t ,]*(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?:,[\t ,]*|$)/y

/** A version. Apache and lighttpd add the ending to the tag of an answer that they compress. */
const versionTag = /^([1-9]\d{0,8})(?:-(?:gzip|br|zstd|deflate))?$/

/**
 * The tag of a connection's state: its version, which grows with every write. The tag is strong, because `If-Match`
 * compares strong tags only. It names the state and not the bytes, since `meta.request_id` differs in each answer.
 */
export const entityTagOf = ({ version }: Pick<Connection, 'version'>) => `"${version}"`

/** Sets the `ETag` of the state in the answer. */
export function setEntityTag(reply: FastifyReply, connection: Connection): void {
  reply.header('etag', entityTagOf(connection))
}

/**
 * The versions in a header, or `*`. A proxy that compresses makes `W/"13"` or `"13-gzip"` from our tag; both are the
 * version 13 (`docs/decisions/0029-entity-tags-of-proxies.md`). Any other tag is no version.
 * @throws HttpRefusal `malformedRequest` for a header that is neither `*` nor a list of tags
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
        reason: 'entity_tags',
        name,
        part: { header: name },
      })
    const version = versionTag.exec(value)?.[1]
    if (version !== undefined) versions.push(Number(version))
  }
  return versions
}

/**
 * The versions that a write may replace, by `If-Match`; null: any version. `If-None-Match: *` (RFC 9110 §13.1.2) allows
 * none, because a write needs an existing connection.
 * @throws HttpRefusal `malformedRequest`, also for tags in the `If-None-Match` of a write
 */
export function expectedVersionsOf({ headers }: FastifyRequest): number[] | null {
  const header = headers['if-match']
  const unwanted = headers['if-none-match']
  if (unwanted !== undefined) {
    const name = 'If-None-Match'
    if (versionsIn(name, unwanted) === '*') return []
    throw new HttpRefusal('malformedRequest', { reason: 'write_if_none_match', name, part: { header: name } })
  }
  const versions = header === undefined ? '*' : versionsIn('If-Match', header)
  return versions === '*' ? null : versions
}

/**
 * Whether the caller already has this state, by `If-None-Match` (RFC 9110 §13.1.2).
 * @throws HttpRefusal `malformedRequest`
 */
export function isKnownTo({ headers }: FastifyRequest, { version }: Connection): boolean {
  const header = headers['if-none-match']
  if (header === undefined) return false
  const versions = versionsIn('If-None-Match', header)
  return versions === '*' || versions.includes(version)
}
