import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { redirectUriFaults } from '../../src/domain/redirect-uri-rules.ts'
import { fillIn } from '../../src/domain/violation.ts'
import { connectionUpdateSchema } from '../../src/rest/connection-update-body.ts'
import { createConnectionUpdateParser, show, type ShownViolation as Violation } from '../support/connection-update.ts'

const policies = ['strict', 'legacy'] as const
const parse = createConnectionUpdateParser('strict')

const required: Violation = {
  path: ['redirect_uri'],
  rule: 'required',
  rawDescription: 'required property %{property} was not present',
  params: { property: 'redirect_uri' },
}
const cast = (path: readonly string[], expected: string, actual: string): Violation => ({
  path,
  rule: 'cast',
  rawDescription: 'type mismatch. Expected %{expected} but got %{actual}',
  params: { expected, actual },
})
const notThePattern: Violation = {
  path: ['redirect_uri'],
  rule: 'format',
  rawDescription: 'string does not match pattern "%{pattern}"',
  params: { pattern: '^(https)://.+' },
}
const tooLong = (actual: number): Violation => ({
  path: ['redirect_uri'],
  rule: 'length',
  rawDescription: 'expected value to have a maximum length of %{max} but was %{actual}',
  params: { max: 255, actual },
})
const strictRule = (reason: string, rawDescription: string, character?: string): Violation => ({
  path: ['redirect_uri'],
  rule: 'format',
  rawDescription,
  params: { reason, ...(character !== undefined && { character }) },
})
const refused = (...violations: readonly Violation[]) => ({ ok: false, violations })
const accepted = (redirectUri: string) => ({ ok: true, value: { redirectUri } })

describe('the schema', () => {
  test('legacy has the original rule, the length of the column, and text that PostgreSQL can store', () => {
    expect(connectionUpdateSchema('legacy')).toEqual({
      title: 'connection_update',
      type: 'object',
      required: ['redirect_uri'],
      properties: {
        redirect_uri: {
          type: 'string',
          maxLength: 255,
          pattern: '^(https)://.+',
          format: 'storable-text',
          description: expect.any(String),
          examples: ['https://example2.com', 'https://mis.example.ua:8443/openemr/interface/ehealth/auth.php'],
        },
      },
    })
  })

  test('strict has the rules of legacy and a stricter format', () => {
    const legacy = connectionUpdateSchema('legacy')
    expect(connectionUpdateSchema('strict')).toEqual({
      ...legacy,
      properties: { redirect_uri: { ...legacy.properties.redirect_uri, format: 'redirect-uri' } },
    })
  })

  test.each(policies)('%s is plain JSON, and valid under the meta-schema of 2020-12', (policy) => {
    const schema = connectionUpdateSchema(policy)
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
    expect(new Ajv2020({ formats: { 'redirect-uri': true, 'storable-text': true } }).validateSchema(schema)).toBe(true)
  })

  test.each(policies)('%s makes a new schema for each caller', (policy) => {
    const schema = connectionUpdateSchema(policy)
    schema.properties.redirect_uri.maxLength = 1
    expect(connectionUpdateSchema(policy).properties.redirect_uri.maxLength).toBe(255)
    expect(createConnectionUpdateParser(policy)({ redirect_uri: 'https://example2.com' })).toEqual(
      accepted('https://example2.com'),
    )
  })

  test.each(policies)('%s accepts the examples of its schema', (policy) => {
    for (const example of connectionUpdateSchema(policy).properties.redirect_uri.examples)
      expect(createConnectionUpdateParser(policy)({ redirect_uri: example })).toEqual(accepted(example))
  })

  test.each(policies)(
    '%s: a stranger who compiles the exported schema comes to the same answers as the parser',
    (policy) => {
      const validate = new Ajv2020({
        ownProperties: true,
        formats: {
          'redirect-uri': (value) => redirectUriFaults(value).length === 0,
          'storable-text': (value) => Buffer.from(value).toString() === value && !value.includes('\0'),
        },
      }).compile(connectionUpdateSchema(policy))
      const values = [
        'https://example2.com',
        'https://example.com/#',
        'http://a.ua',
        'https://',
        `https://a.ua/${'😀'.repeat(242)}`,
        '',
        null,
        1,
        [],
      ]
      const documents = [null, [], 'text', 1, {}, ...values.map((value) => ({ redirect_uri: value, secret: 'x' }))]
      const parsePolicy = createConnectionUpdateParser(policy)
      expect(documents.map((document) => parsePolicy(document).ok)).toEqual(
        documents.map((document) => validate(document)),
      )
    },
  )
})

describe('each violation of the contract, with the sentence that people read', () => {
  test.each<[name: string, document: unknown, violation: Violation, sentence: string]>([
    ['missing', {}, required, 'required property redirect_uri was not present'],
    [
      'null',
      { redirect_uri: null },
      cast(['redirect_uri'], 'string', 'null'),
      'type mismatch. Expected string but got null',
    ],
    [
      'boolean',
      { redirect_uri: false },
      cast(['redirect_uri'], 'string', 'boolean'),
      'type mismatch. Expected string but got boolean',
    ],
    [
      'integer',
      { redirect_uri: 42 },
      cast(['redirect_uri'], 'string', 'integer'),
      'type mismatch. Expected string but got integer',
    ],
    [
      'number',
      { redirect_uri: 4.2 },
      cast(['redirect_uri'], 'string', 'number'),
      'type mismatch. Expected string but got number',
    ],
    [
      'array',
      { redirect_uri: ['https://a.ua'] },
      cast(['redirect_uri'], 'string', 'array'),
      'type mismatch. Expected string but got array',
    ],
    [
      'object',
      { redirect_uri: { length: 1 } },
      cast(['redirect_uri'], 'string', 'object'),
      'type mismatch. Expected string but got object',
    ],
    [
      'not the pattern',
      { redirect_uri: 'http://a.ua' },
      notThePattern,
      'string does not match pattern "^(https)://.+"',
    ],
    [
      'too long',
      { redirect_uri: `https://a.ua/${'a'.repeat(243)}` },
      tooLong(256),
      'expected value to have a maximum length of 255 but was 256',
    ],
    [
      'a strict rule',
      { redirect_uri: 'https://a.ua/#x' },
      strictRule('fragment', 'a fragment is not allowed, not even an empty one'),
      'a fragment is not allowed, not even an empty one',
    ],
    [
      'a strict rule whose sentence holds placeholders’ characters',
      { redirect_uri: 'https://a.ua/{x' },
      strictRule('character', 'none of the characters \\ < > " ` { } | ^ * is allowed, found %{character}', 'U+007B'),
      'none of the characters \\ < > " ` { } | ^ * is allowed, found U+007B',
    ],
  ])('%s', (_, document, violation, sentence) => {
    expect(parse(document)).toEqual(refused(violation))
    expect(fillIn(violation.rawDescription, violation.params)).toBe(sentence)
  })
})

describe('a document that is no object', () => {
  test.each<[actual: string, document: unknown]>([
    ['null', null],
    ['boolean', true],
    ['integer', 0],
    ['number', 0.5],
    ['string', 'https://example2.com'],
    ['array', [{ redirect_uri: 'https://example2.com' }]],
  ])('%s', (actual, document) => {
    for (const policy of policies)
      expect(createConnectionUpdateParser(policy)(document)).toEqual(refused(cast([], 'object', actual)))
  })

  test('no document at all is an empty object', () => {
    expect(parse(undefined)).toEqual(refused(required))
  })
})

describe('only what the caller sent itself counts', () => {
  const inherited = { redirect_uri: 'https://example2.com' }

  test('an inherited value is no value', () => {
    expect(parse(Object.create(inherited))).toEqual(refused(required))
  })

  test('a polluted Object.prototype is no value', () => {
    Object.defineProperty(Object.prototype, 'redirect_uri', { value: 'https://attacker.example', configurable: true })
    try {
      expect(parse({})).toEqual(refused(required))
      expect(parse(undefined)).toEqual(refused(required))
    } finally {
      Reflect.deleteProperty(Object.prototype, 'redirect_uri')
    }
  })

  test('an own __proto__ member, as JSON.parse makes it, is no value', () => {
    expect(parse(JSON.parse('{"__proto__":{"redirect_uri":"https://example2.com"}}'))).toEqual(refused(required))
  })

  test('an own value beats an inherited one', () => {
    expect(parse(Object.assign(Object.create(inherited), { redirect_uri: 'https://example3.com' }))).toEqual(
      accepted('https://example3.com'),
    )
    expect(parse(Object.assign(Object.create(inherited), { redirect_uri: 1 }))).toEqual(
      refused(cast(['redirect_uri'], 'string', 'integer')),
    )
  })

  test('an object without a prototype, as GraphQL makes it, is an object', () => {
    expect(parse(Object.assign(Object.create(null), { redirect_uri: 'https://example2.com' }))).toEqual(
      accepted('https://example2.com'),
    )
  })

  test('names are compared exactly', () => {
    expect(
      parse({ redirectUri: 'https://a.ua', REDIRECT_URI: 'https://a.ua', 'redirect_uri ': 'https://a.ua' }),
    ).toEqual(refused(required))
  })
})

describe('members that the schema does not name', () => {
  test('unknown members are ignored, because only the redirect URI can be updated', () => {
    const document = {
      redirect_uri: 'https://example2.com',
      secret: 'x',
      client_id: 1,
      consumer_id: null,
      id: [],
      constructor: {},
      toString: 1,
    }
    expect(parse(document)).toEqual(accepted('https://example2.com'))
  })

  test('unknown members do not replace a missing one', () => {
    expect(parse({ secret: 'x' })).toEqual(refused(required))
  })

  test('the document is left as it was', () => {
    const document = Object.freeze({ redirect_uri: 'https://EXAMPLE2.com', other: Object.freeze({}) })
    expect(parse(document)).toEqual(accepted('https://EXAMPLE2.com'))
    expect(document).toEqual({ redirect_uri: 'https://EXAMPLE2.com', other: {} })
  })
})

describe('all violations at once', () => {
  test('violations of length, pattern and strict rules come in this order', () => {
    expect(parse({ redirect_uri: `http://u@a.ua/${'a'.repeat(250)}#` })).toEqual(
      refused(
        tooLong(265),
        notThePattern,
        strictRule('fragment', 'a fragment is not allowed, not even an empty one'),
        strictRule('user_info', 'user information (anything before an @) is not allowed'),
      ),
    )
  })

  test('legacy has violations of length and pattern only', () => {
    expect(createConnectionUpdateParser('legacy')({ redirect_uri: `http://u@a.ua/${'a'.repeat(250)}#` })).toEqual(
      refused(tooLong(265), notThePattern),
    )
  })

  test('each fault of the validator is a violation of its own', () => {
    const value = 'https://-a..b:0/..#'
    const faults = redirectUriFaults(value)
    expect(faults.length).toBeGreaterThan(3)
    expect(parse({ redirect_uri: value })).toEqual(
      refused(...faults.map((fault) => show({ ...fault, path: ['redirectUri'], rule: 'format' }))),
    )
  })

  test('one call does not influence the next', () => {
    const first = parse({ redirect_uri: 'https://a.ua/#' })
    parse({ redirect_uri: 1 })
    expect(parse({ redirect_uri: 'https://a.ua/' })).toEqual(accepted('https://a.ua/'))
    expect(first).toEqual(refused(strictRule('fragment', 'a fragment is not allowed, not even an empty one')))
  })
})

describe('very long values', () => {
  const size = 10_000_000

  test.each<[name: string, value: string, violations: readonly Violation[]]>([
    ['letters', `https://${'a'.repeat(size)}`, [tooLong(size + 8)]],
    ['half escapes', `https://${'%'.repeat(size)}`, [tooLong(size + 8)]],
    ['slashes and dots', `https://a.ua${'/..'.repeat(size / 4)}`, [tooLong((size / 4) * 3 + 12)]],
    ['brackets', `https://${'['.repeat(size)}`, [tooLong(size + 8)]],
    ['no scheme', 'x'.repeat(size), [tooLong(size), notThePattern]],
    ['astral characters', `https://${'😀'.repeat(size / 2)}`, [tooLong(size / 2 + 8)]],
  ])('%s: refused for the length', (_, value, violations) => {
    expect(parse({ redirect_uri: value })).toEqual(refused(...violations))
  })
})
