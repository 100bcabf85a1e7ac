import { GatewayError } from '../../src/domain/errors.ts'
import { createRedirectUriParser, type RedirectUriPolicy } from '../../src/domain/redirect-uri-parser.ts'
import { rawDescriptionOf, type Violation } from '../../src/domain/violation.ts'
import { redirectUriOf } from '../../src/rest/connection-update-body.ts'

/** A violation with its sentence, by the names of the REST door. */
export type ShownViolation = Pick<Violation, 'path' | 'rule' | 'params'> & { readonly rawDescription: string }

export const show = (violation: Violation): ShownViolation => ({
  path: violation.path.map((name) => (name === 'redirectUri' ? 'redirect_uri' : name)),
  rule: violation.rule,
  params: violation.params,
  rawDescription: rawDescriptionOf(violation),
})

export type ParsedUpdate =
  | { readonly ok: true; readonly value: { readonly redirectUri: string } }
  | { readonly ok: false; readonly violations: readonly ShownViolation[] }

/** Judges a whole body of `connection_update`, as the PATCH route and its operation do together. */
export function createConnectionUpdateParser(policy: RedirectUriPolicy): (document: unknown) => ParsedUpdate {
  const parse = createRedirectUriParser(policy)
  return (document) => {
    try {
      const parsed = parse(redirectUriOf(document))
      return parsed.ok
        ? { ok: true, value: { redirectUri: parsed.value } }
        : { ok: false, violations: parsed.violations.map(show) }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return { ok: false, violations: (error.details.violations ?? []).map(show) }
    }
  }
}
