import { redirectUriFaults } from './redirect-uri-rules.ts'
import { codePointsIn, isStorable, notStorable, tooLong, type Violation, wrongType } from './violation.ts'

/**
 * `legacy`: the two checks of Mithril, length and pattern, and a check that PostgreSQL can store the text. `strict`:
 * also the rules of `redirect-uri-rules.ts`.
 */
export type RedirectUriPolicy = 'strict' | 'legacy'

/** The length of Mithril's column in code points. */
export const redirectUriLengthAtMost = 255

/** The pattern in the platform's JSON Schema. */
export const redirectUriPattern = '^(https)://.+'

/** In UTF-16 code units. A longer value has its `length` violation, and more work on it would only cost time. */
export const longestJudged = 2_048

export type RedirectUriResult =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly violations: readonly Violation[] }

/**
 * Validates a value of any type as a redirect URI. It returns all violations, in the order length, pattern, strict
 * rules. It returns an accepted value unchanged. Never throws.
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

/** Makes the parser of redirect URIs for a policy. Update, revert and check use the same parser. */
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
