import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { redirectUriFaults } from './redirect-uri.ts'
import type { Violation } from './violation.ts'

/**
 * `legacy`: what Mithril itself has always checked, length and pattern (and text that can be stored at all). `strict`:
 * the rules of `redirect-uri.ts` on top.
 */
export type RedirectUriPolicy = 'strict' | 'legacy'

/** What the request changes. Exactly what was sent, byte for byte. */
export interface ConnectionUpdate {
  readonly redirectUri: string
}

export type ConnectionUpdateResult =
  | { readonly ok: true; readonly value: ConnectionUpdate }
  | { readonly ok: false; readonly violations: readonly Violation[] }

/** Compiled from the schema of a policy by `createConnectionUpdateParser`. */
export type ConnectionUpdateParser = (document: unknown) => ConnectionUpdateResult

/**
 * PostgreSQL's text is UTF-8 without NUL: anything else would be refused there, or stored as something else than was
 * sent.
 */
const isStorable = (value: string) => value.isWellFormed() && !value.includes('\0')

const unstorable = { rawDescription: 'NUL and ill-formed Unicode are not allowed', params: { reason: 'character' } }

/**
 * Values longer than this have their `length` violation; looking further would only cost time. In UTF-16 code units.
 */
const longestJudged = 2_048

/**
 * The JSON Schema (2020-12) of the request `connection_update`: the one that the parser compiles and the OpenAPI
 * document shows. Members it does not name are allowed and ignored: "only redirect uri can be updated". A new object
 * each time.
 */
export function connectionUpdateSchema(policy: RedirectUriPolicy) {
  return {
    title: 'connection_update',
    type: 'object',
    required: ['redirect_uri'],
    properties: {
      redirect_uri: {
        type: 'string',
        maxLength: 255,
        pattern: '^(https)://.+',
        format: policy === 'strict' ? 'redirect-uri' : 'storable-text',
        description:
          'Where sign-in returns to. Stored and compared as it is sent, so it must be the very string the consumer uses.',
        examples: ['https://example2.com', 'https://mis.example.ua:8443/openemr/interface/ehealth/auth.php'],
      },
    },
  }
}

/**
 * Compiles the schema once and answers its parser. The parser never throws. It answers every violation
 * (`docs/platform.md` §2) in the order length, pattern, strict rules. No document at all counts as an empty object.
 */
export function createConnectionUpdateParser(policy: RedirectUriPolicy): ConnectionUpdateParser {
  const validate = new Ajv2020({
    allErrors: true,
    strict: true,
    // `redirect_uri` from a prototype was not sent by the caller.
    ownProperties: true,
    // Puts the judged value into each error.
    verbose: true,
    // The schema is a constant, which the tests hold against the meta-schema; to compile that at each start takes
    // longer than all else here.
    meta: false,
    validateSchema: false,
    formats: {
      'redirect-uri': (value) => value.length > longestJudged || redirectUriFaults(value).length === 0,
      'storable-text': isStorable,
    },
  }).compile<{ redirect_uri: string }>(connectionUpdateSchema(policy))

  return (document = {}) =>
    validate(document)
      ? { ok: true, value: { redirectUri: document.redirect_uri } }
      : { ok: false, violations: (validate.errors ?? []).flatMap(violationsOf) }
}

/** The contract's violations for one error of Ajv. The schema has keywords of these five kinds only. */
function violationsOf({ keyword, instancePath, params, data }: ErrorObject): readonly Violation[] {
  const path = instancePath.split('/').slice(1)
  switch (keyword) {
    case 'required': {
      const property = String(params['missingProperty'])
      return [
        {
          path: [...path, property],
          rule: 'required',
          rawDescription: 'required property %{property} was not present',
          params: { property },
        },
      ]
    }
    case 'type':
      return [
        {
          path,
          rule: 'cast',
          rawDescription: 'type mismatch. Expected %{expected} but got %{actual}',
          params: { expected: String(params['type']), actual: jsonTypeOf(data) },
        },
      ]
    case 'maxLength':
      return [
        {
          path,
          rule: 'length',
          rawDescription: 'expected value to have a maximum length of %{max} but was %{actual}',
          params: { max: Number(params['limit']), actual: codePointsIn(String(data)) },
        },
      ]
    case 'pattern':
      return [
        {
          path,
          rule: 'format',
          rawDescription: 'string does not match pattern "%{pattern}"',
          params: { pattern: String(params['pattern']) },
        },
      ]
    case 'format':
      if (params['format'] === 'storable-text') return [{ path, rule: 'format', ...unstorable }]
      return redirectUriFaults(String(data)).map(({ reason, description }) => ({
        path,
        rule: 'format',
        rawDescription: description,
        params: { reason },
      }))
    default:
      throw new Error(`the schema of connection_update has a keyword without a rule: ${keyword}`)
  }
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

/** JSON Schema 2020-12 validation §6.3.1 counts characters, not the code units of `length`. */
function codePointsIn(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
