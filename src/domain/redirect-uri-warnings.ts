import { alphabetFault } from './alphabets.ts'
import { endsInNumber, partsOf, type RedirectUriParts } from './redirect-uri-parts.ts'
import { fillIn, type Params } from './violation.ts'

/** The English sentence of each warning, by its id. No sentence repeats the value. */
export const warningTexts = {
  host_changed: 'host is not the stored one: sign-in would return to another server',
  path_changed: 'path is not the stored one',
  query_changed: 'query is not the stored one',
  port_given: 'a port is given: the consumer has to name it too, in every request',
  ip_host: 'host is an address, not a name: certificates are rarely made for one',
  internationalized_host: 'host has characters beyond ASCII: compare the form that the DNS knows letter by letter',
  mixed_alphabets: 'a label of the host mixes alphabets: %{scripts}',
  mixed_alphabets_unnamed: 'a label of the host mixes alphabets: letters of one may pass for letters of the other',
  looks_latin: 'a label of the host is in Cyrillic letters that all look like Latin ones',
  several_values: 'the value seems to hold several addresses: one connection has one redirect URI',
  answer_parameters: 'query has a parameter of the answer to sign-in: the value seems to be copied from a browser',
  empty_query: 'query is empty: the question mark is part of the value, and the consumer has to send it too',
  stored_http: 'the stored value begins with http: and could not be brought back',
} as const

export type WarningId = keyof typeof warningTexts

/** The stable words for programs. Several sentences may have the same word. */
export type WarningReason = Exclude<WarningId, 'mixed_alphabets_unnamed' | 'looks_latin'>

/** A point of a redirect URI that a person should review. */
export interface RedirectUriWarning {
  readonly id: WarningId
  readonly reason: WarningReason
  readonly params: Params
  /**
   * For `internationalized_host`: the whole host in A-label form. null: another reason, or a host without that form.
   */
  readonly aLabel: string | null
}

/** The sentence of a warning with its parameters. */
export const describeWarning = ({ id, params }: RedirectUriWarning): string => fillIn(warningTexts[id], params)

/**
 * The warnings about a redirect URI, compared with the stored one. Each reason occurs at most once, in the order of
 * `warningTexts`.
 *
 * Warnings are not errors: an update ignores them. A value that is not valid may have fewer warnings. Pure, never
 * throws. The caller makes sure that both values are short.
 */
export function redirectUriWarnings(value: string, stored: string): readonly RedirectUriWarning[] {
  const parts = partsOf(value)
  return [...(parts === null ? [] : [...changes(parts, partsOf(stored)), ...oddities(parts)]), ...storedHttp(stored)]
}

function warning(
  reason: WarningReason,
  holds: boolean,
  { id = reason, params = {}, aLabel = null }: Partial<RedirectUriWarning> = {},
): RedirectUriWarning[] {
  return holds ? [{ id, reason, params, aLabel }] : []
}

/** A stored value that cannot be split has only the warning about its host. */
function changes(parts: RedirectUriParts, stored: RedirectUriParts | null): RedirectUriWarning[] {
  if (stored === null) return warning('host_changed', true)
  // The authorization server compares strings: `/` differs from an empty path, and `?` differs from no query.
  return [
    ...warning('host_changed', comparable(parts) !== comparable(stored)),
    ...warning('path_changed', parts.path !== stored.path),
    ...warning('query_changed', parts.query !== stored.query),
  ]
}

/** The host as A-labels in lower case, or as it is written if UTS 46 cannot map it. */
function comparable({ ascii, host }: RedirectUriParts): string {
  return (ascii.length > 0 ? ascii.join('.') : host).toLowerCase()
}

/** Parameters of an authorization response (RFC 6749 §4.1.2, RFC 9207 §2, OpenID Connect Session Management §3). */
const answerParameter = /[?&](?:code|state|error|error_description|error_uri|iss|session_state)=/

function oddities(parts: RedirectUriParts): RedirectUriWarning[] {
  const { host, port, path, query, labels, unicode, ascii } = parts
  const names = unicode.length > 0 ? unicode : labels
  const international = [...labels, ...ascii].some((label) => label.startsWith('xn--') || /\P{ASCII}/u.test(label))
  const alphabets = alphabetFault(names)
  return [
    ...warning('port_given', port !== undefined),
    ...warning('ip_host', host.startsWith('[') || endsInNumber(parts)),
    ...warning('internationalized_host', international, { aLabel: ascii.length > 0 ? ascii.join('.') : null }),
    ...(alphabets === null ? [] : warning('mixed_alphabets', true, alphabets)),
    ...warning('several_values', /[,;]\s*https?:\/\//i.test(path + query)),
    ...warning('answer_parameters', answerParameter.test(query)),
    ...warning('empty_query', query === '?'),
  ]
}

function storedHttp(stored: string): RedirectUriWarning[] {
  return warning('stored_http', /^http:/i.test(stored))
}
