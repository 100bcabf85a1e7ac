import { redirectUriFaults } from './redirect-uri.ts'
import { codePointsIn, isStorable, notStorable, tooLong, type Violation, wrongType } from './violation.ts'

/**
 * `legacy`: what Mithril itself has always checked, length and pattern (and text that can be stored at all). `strict`:
 * the rules of `redirect-uri.ts` on top.
 */
export type RedirectUriPolicy = 'strict' | 'legacy'

/** The length of Mithril's column, in code points. */
export const redirectUriLengthAtMost = 255

/** The pattern of the platform's own JSON Schema. */
export const redirectUriPattern = '^(https)://.+'

/** Longer values have their `length` violation; more work on them would only cost time. In UTF-16 code units. */
export const longestJudged = 2_048

export type RedirectUriResult =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly violations: readonly Violation[] }

/**
 * Judges a value of any type as a redirect URI: all violations at once, in the order length, pattern, strict rules. An
 * accepted value is exactly the one that was sent. Never throws.
 */
export type RedirectUriParser = (value: unknown) => RedirectUriResult

const path = ['redirectUri']
const pattern = new RegExp(redirectUriPattern, 'u')
const notThePattern: Violation = { id: 'pattern', path, rule: 'format', params: { pattern: redirectUriPattern } }

function formatFaults(value: string, policy: RedirectUriPolicy): readonly Violation[] {
  if (policy === 'legacy') return isStorable(value) ? [] : [notStorable(path)]
  if (value.length > longestJudged) return []
  return redirectUriFaults(value).map(({ id, params }) => ({ id, path, rule: 'format', params }))
}

/** Makes the parser of redirect URIs under a policy. Both doors, undo and the check before an update share it. */
export function createRedirectUriParser(policy: RedirectUriPolicy): RedirectUriParser {
  return (value) => {
    if (typeof value !== 'string') return { ok: false, violations: [wrongType(path, 'string', value)] }
    const length = codePointsIn(value)
    const violations = [
      ...(length > redirectUriLengthAtMost ? [tooLong(path, redirectUriLengthAtMost, length)] : []),
      ...(pattern.test(value) ? [] : [notThePattern]),
      ...formatFaults(value, policy),
    ]
    return violations.length === 0 ? { ok: true, value } : { ok: false, violations }
  }
}
