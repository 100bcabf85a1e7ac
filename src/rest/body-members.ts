import { GatewayError } from '../domain/errors.ts'
import { wrongType } from '../domain/violation.ts'

/**
 * The members of these names that a body has of its own. A missing body counts as an empty object. The gateway ignores
 * all other members.
 * @throws GatewayError `validationFailed` for a body that is no object
 */
export function membersOf<Name extends string>(
  body: unknown,
  names: readonly Name[],
): { readonly [Member in Name]?: unknown } {
  const given = body ?? (body === undefined ? {} : null)
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new GatewayError('validationFailed', { violations: [wrongType([], 'object', given)] })
  const sent = names.filter((name) => Object.hasOwn(given, name))
  // Each name is a member of the body.
  return Object.fromEntries(sent.map((name) => [name, (given as Record<string, unknown>)[name]])) as never
}
