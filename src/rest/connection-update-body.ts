import { GatewayError } from '../domain/errors.ts'
import { type RedirectUriPolicy, redirectUriLengthAtMost, redirectUriPattern } from '../domain/redirect-uri-parser.ts'
import { missing, wrongType } from '../domain/violation.ts'

/**
 * The JSON Schema (2020-12) of the request `connection_update`, for the OpenAPI document. A test compares it with the
 * parser. The gateway ignores all other members: "only redirect uri can be updated". Each call makes a new object.
 */
export function connectionUpdateSchema(policy: RedirectUriPolicy) {
  return {
    title: 'connection_update',
    type: 'object',
    required: ['redirect_uri'],
    properties: {
      redirect_uri: {
        type: 'string',
        maxLength: redirectUriLengthAtMost,
        pattern: redirectUriPattern,
        format: policy === 'strict' ? 'redirect-uri' : 'storable-text',
        description:
          'Where sign-in returns to. Stored and compared as it is sent, so it must be the very string the consumer ' +
          'uses.',
        examples: ['https://example2.com', 'https://mis.example.ua:8443/openemr/interface/ehealth/auth.php'],
      },
    },
  }
}

/**
 * The `redirect_uri` of a body, of any type, because the operation judges it. A missing body counts as an empty object.
 * @throws GatewayError `validationFailed` for a body that is no object or has no `redirect_uri`
 */
export function redirectUriOf(body: unknown = {}): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new GatewayError('validationFailed', { violations: [wrongType([], 'object', body)] })
  // A `redirect_uri` from a prototype was not sent by the caller.
  if (!Object.hasOwn(body, 'redirect_uri'))
    throw new GatewayError('validationFailed', { violations: [missing(['redirectUri'], 'redirect_uri')] })
  return (body as { redirect_uri: unknown }).redirect_uri // checked above
}
