import { GatewayError } from '../domain/errors.ts'
import type { Page } from '../domain/page.ts'
import { describeViolation, rawDescriptionOf, type Violation } from '../domain/violation.ts'
import { type HttpRefusalDetails, type Refusal, statusOf } from '../server/http-refusals.ts'
import type { Language } from '../server/language.ts'
import { localizeRefusal, localizeViolation } from '../server/localized.ts'

/** `meta` of every answer, as the platform's library Nebo15/eview writes it. `url` has no query string. */
export interface Meta {
  readonly code: number
  readonly url: string
  readonly type: 'object' | 'list'
  readonly request_id: string
}

/** The facts about a request in the envelope of its answer. */
export interface Addressee {
  readonly url: string
  readonly requestId: string
}

/** `error.type` by status (`docs/platform.md` §2). */
const errorTypes: Readonly<Record<number, string>> = {
  400: 'request_malformed',
  401: 'access_denied',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'content_type_invalid',
  408: 'request_timeout',
  409: 'request_conflict',
  412: 'request_conflict',
  413: 'request_too_large',
  415: 'content_type_invalid',
  422: 'validation_failed',
  429: 'too_many_requests',
  431: 'request_too_large',
}

/** The HTTP status in this door, where only a failed `If-Match` causes a conflict (RFC 9110 §15.5.13). */
export const restStatusOf = (refusal: Refusal): number => (refusal.refusal === 'conflict' ? 412 : statusOf(refusal))

/** Names of this door that are not the domain's names in snake case. */
const wireNames: Readonly<Record<string, string>> = { nameContains: 'name', redirectUriContains: 'redirect_uri' }

/** The name of a domain's member in this door: `redirectUri` becomes `redirect_uri`. */
const wireName = (member: string) =>
  wireNames[member] ?? member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const invalidEntry = (violation: Violation, language: Language | null) => ({
  entry_type: violation.of === 'argument' ? 'query_parameter' : 'json_data_property',
  entry: ['$', ...violation.path.map(wireName)].join('.'),
  rules: [
    {
      rule: violation.rule,
      description: describeViolation(violation),
      params: violation.params,
      raw_description: rawDescriptionOf(violation),
      ...(language && { localized: localizeViolation(violation, language) }),
    },
  ],
})

/** The part of a request that is at fault, as the platform names it (`docs/platform.md` §2). */
const invalidPart = (part: NonNullable<HttpRefusalDetails['part']>) =>
  part === 'json' ? { entry_type: 'request', rules: [{ rule: 'json' }] } : { entry_type: 'header', entry: part.header }

/** The envelope of a success: one object, or a list. */
export function dataEnvelope<T>(code: number, { url, requestId }: Addressee, data: T): { meta: Meta; data: T } {
  return { meta: { code, url, type: Array.isArray(data) ? 'list' : 'object', request_id: requestId }, data }
}

/** The envelope of a numbered page, with the number of all pages. */
export function pageEnvelope<Item, View>(addressee: Addressee, page: Page<Item>, view: (item: Item) => View) {
  const { size } = page
  const total = page.total ?? 0
  return {
    ...dataEnvelope(
      200,
      addressee,
      page.items.map(({ item }) => view(item)),
    ),
    paging: {
      page_number: page.number ?? 1,
      page_size: size,
      total_entries: total,
      total_pages: Math.max(1, Math.ceil(total / size)),
    },
  }
}

/** The `invalid` list of a refusal: its violations, or the part of the request that is at fault. */
function invalidOf(error: Refusal, language: Language | null) {
  if (!(error instanceof GatewayError)) return error.details.part && [invalidPart(error.details.part)]
  return error.is('validationFailed')
    ? error.details.violations.map((violation) => invalidEntry(violation, language))
    : undefined
}

/**
 * The envelope of a refusal.
 * @param language adds a translation beside each text; null: none
 */
export function errorEnvelope(error: Refusal, { url, requestId }: Addressee, language: Language | null) {
  const status = restStatusOf(error)
  const invalid = invalidOf(error, language)
  return {
    meta: { code: status, url, type: 'object' as const, request_id: requestId },
    error: {
      type: errorTypes[status] ?? 'internal_error',
      message: error.message,
      ...(language && { localized: localizeRefusal(error, language) }),
      ...(invalid && { invalid }),
    },
  }
}
