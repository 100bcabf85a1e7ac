import type { onRequestHookHandler } from 'fastify'
import { HttpRefusal } from './http-refusals.ts'
import { rememberHeader } from './remembered-headers.ts'

interface MediaRange {
  /** `type/subtype`, `type/*` or the range of everything, in lower case. */
  readonly range: string
  /** From 0 to 1. */
  readonly weight: number
}

/**
 * The media ranges of an `Accept` header (RFC 9110 §12.5.1) with their weights. The gateway ignores other parameters:
 * its types have no variants, and many clients send `application/json; charset=utf-8`.
 */
function mediaRangesOf(accept: string): MediaRange[] {
  // A quoted parameter may hold commas and semicolons.
  const members = accept
    .toLowerCase()
    .replace(/"[^"]*"?/g, '')
    .split(',')
  return members.flatMap((member) => {
    const [range = '', ...parameters] = member.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '')
    // A weight that is no number counts as 1.
    return range === ''
      ? []
      : [{ range, weight: weight !== undefined && /^(?:[01]\.?|[01]?\.\d+)$/.test(weight) ? Number(weight) : 1 }]
  })
}

/**
 * The offered type to which a client gives the greatest weight. Of equal ones, the client's first counts.
 * @param offered types as `type/subtype` in lower case, the default first
 * @returns null if the client accepts none of them
 */
export function preferredType<Type extends string>(
  accept: string | undefined,
  offered: readonly [Type, ...Type[]],
): Type | null {
  const ranges = mediaRangesOf(accept ?? '')
  if (ranges.length === 0) return offered[0]
  const rated = offered.flatMap((type) => {
    // The most specific range decides. Of a repeated range the greatest weight counts.
    for (const range of [type, type.replace(/\/.*/, '/*'), '*/*']) {
      const matching = ranges.filter((candidate) => candidate.range === range)
      if (matching.length === 0) continue
      const weight = Math.max(...matching.map((candidate) => candidate.weight))
      return weight > 0 ? [{ type, weight, place: ranges.findIndex((candidate) => candidate.range === range) }] : []
    }
    return []
  })
  const [best] = rated.sort((one, other) => other.weight - one.weight || one.place - other.place)
  return best?.type ?? null
}

/** Refuses a client that accepts none of these types with 406, before any operation runs. */
export function negotiationHook(offered: readonly [string, ...string[]]): onRequestHookHandler {
  const preferred = rememberHeader((accept) => preferredType(accept, offered))
  return ({ headers: { accept } }, _reply, done) =>
    done(
      preferred(accept ?? '') === null ? new HttpRefusal('notAcceptable', { part: { header: 'Accept' } }) : undefined,
    )
}
