import { describeAlphabets } from './alphabets.ts'
import { endsInNumber, partsOf, type RedirectUriParts } from './redirect-uri-parts.ts'

/**
 * Something about a redirect URI that a person should look at twice: a stable word for programs and a sentence that
 * never repeats the value.
 */
export interface RedirectUriWarning {
  readonly reason:
    | 'host_changed'
    | 'path_changed'
    | 'query_changed'
    | 'port_given'
    | 'ip_host'
    | 'internationalized_host'
    | 'mixed_alphabets'
    | 'stored_http'
  readonly description: string
  /** The whole host as the DNS knows it, for `internationalized_host` where it has such a form; else null. */
  readonly aLabel: string | null
}

/**
 * What is remarkable about a redirect URI beside the stored one, at most one warning of each reason, in the order of
 * the type above.
 *
 * Warnings are not errors: an update pays no heed to them. Meant for valid values; of what cannot be taken apart it
 * says what can be said. Pure, never throws. Both values should be short: the caller checks that.
 */
export function redirectUriWarnings(value: string, stored: string): readonly RedirectUriWarning[] {
  const parts = partsOf(value)
  return [...(parts === null ? [] : [...changes(parts, partsOf(stored)), ...oddities(parts)]), ...storedHttp(stored)]
}

function warning(
  reason: RedirectUriWarning['reason'],
  description: string,
  holds = true,
  aLabel: string | null = null,
): RedirectUriWarning[] {
  return holds ? [{ reason, description, aLabel }] : []
}

/** A stored value without a host has no path either that could be compared; any host is another one than none. */
function changes(parts: RedirectUriParts, stored: RedirectUriParts | null): RedirectUriWarning[] {
  const host = 'host is not the stored one: sign-in would return to another server'
  if (stored === null) return warning('host_changed', host)
  // Strings, since the authorization server compares strings: `/` is not the empty path, nor `?` the absent query.
  return [
    ...warning('host_changed', host, comparable(parts) !== comparable(stored)),
    ...warning('path_changed', 'path is not the stored one', parts.path !== stored.path),
    ...warning('query_changed', 'query is not the stored one', parts.query !== stored.query),
  ]
}

/** In the one form that U-label, A-label and either case share. What UTS 46 cannot map stays as it is written. */
function comparable({ ascii, host }: RedirectUriParts): string {
  return (ascii.length > 0 ? ascii.join('.') : host).toLowerCase()
}

function oddities(parts: RedirectUriParts): RedirectUriWarning[] {
  const { host, port, labels, unicode, ascii } = parts
  const names = unicode.length > 0 ? unicode : labels
  const international = [...labels, ...ascii].some((label) => label.startsWith('xn--') || /\P{ASCII}/u.test(label))
  const alphabets = describeAlphabets(names)
  return [
    ...warning('port_given', 'a port is given: the consumer has to name it too, in every request', port !== undefined),
    ...warning(
      'ip_host',
      'host is an address, not a name: certificates are rarely made for one',
      host.startsWith('[') || endsInNumber(parts),
    ),
    ...warning(
      'internationalized_host',
      'host has characters beyond ASCII: compare the form that the DNS knows letter by letter',
      international,
      ascii.length > 0 ? ascii.join('.') : null,
    ),
    ...(alphabets === null ? [] : warning('mixed_alphabets', alphabets)),
  ]
}

function storedHttp(stored: string): RedirectUriWarning[] {
  return warning(
    'stored_http',
    'the stored value begins with http: and could not be brought back',
    /^http:/i.test(stored),
  )
}
