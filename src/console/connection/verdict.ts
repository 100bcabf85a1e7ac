import type { RedirectUriCheckQuery } from '../../client/documents/graphql.ts'
import { createRedirectUriParser, longestJudged } from '../../domain/redirect-uri-parser.ts'
import { redirectUriWarnings, warningTexts } from '../../domain/redirect-uri-warnings.ts'
import type { Params } from '../../domain/violation.ts'
import { violationTexts } from '../../domain/violation-texts.ts'
import { violationSentence, warningSentence } from '../../messages/sentences.ts'
import { t } from '../language/language.ts'

/** One thing to say about a typed value. */
export interface Point {
  readonly id: string
  readonly params: Params
  /** The gateway's English sentence, for an id that this console does not know. */
  readonly message: string
}

/** What would happen to a typed value on Save. */
export interface Verdict {
  /** The gateway would refuse the value. */
  readonly violations: readonly Point[]
  /** The gateway would store the value, but a person should look twice. */
  readonly warnings: readonly Point[]
}

const parse = createRedirectUriParser('strict')

/** Judges a value at once, in the browser, by the gateway's own rules. */
export function localVerdict(value: string, stored: string): Verdict {
  const result = parse(value)
  return {
    violations: result.ok ? [] : result.violations.map(({ id, params }) => ({ id, params, message: '' })),
    warnings: warningsOf(value, stored),
  }
}

function warningsOf(value: string, stored: string): readonly Point[] {
  if (value.length > longestJudged) return []
  return redirectUriWarnings(value, stored).map(({ id, params }) => ({ id, params, message: '' }))
}

/** The gateway's verdict, which counts: its policy may differ. The parameters of the sentences are the local ones. */
export function gatewayVerdict(check: RedirectUriCheckQuery['redirectUriCheck'], local: Verdict): Verdict {
  const withParams = (points: readonly Point[]) => (point: { readonly id: string; readonly message: string }) => ({
    ...point,
    params: points.find(({ id }) => id === point.id)?.params ?? {},
  })
  return {
    violations: check.violations.map(withParams(local.violations)),
    warnings: check.warnings.map(withParams(local.warnings)),
  }
}

/**
 * The warnings that a person must confirm before Save. Another path or query is the very purpose of a change. A point
 * that the stored value has already is no news.
 */
export function toConfirm({ warnings }: Verdict, stored: string): readonly Point[] {
  const known = new Set([
    'path_changed',
    'query_changed',
    'stored_http',
    ...warningsOf(stored, stored).map(({ id }) => id),
  ])
  return warnings.filter(({ id }) => !known.has(id))
}

/** Why a former value cannot be put back, or null. Strict rules came later than some old values. */
export function whyNotPutBack(value: string): string | null {
  const [first] = localVerdict(value, value).violations
  return first === undefined ? null : violationText(first)
}

export function violationText({ id, params, message }: Point): string {
  return isKnown(violationTexts, id) ? violationSentence(t, { id, params }) : message
}

export function warningText({ id, params, message }: Point): string {
  return isKnown(warningTexts, id) ? warningSentence(t, { id, params }) : message
}

function isKnown<Id extends string>(texts: Readonly<Record<Id, string>>, id: string): id is Id {
  return id in texts
}
