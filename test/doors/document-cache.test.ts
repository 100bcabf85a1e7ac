import { beforeEach, describe, expect, test } from 'vitest'
import { createCompleteResult } from '../../src/graphql/answers.ts'
import { createDocumentCache, type DocumentCache } from '../../src/graphql/document-limits/document-rules.ts'
import { createSchema } from '../../src/graphql/schema.ts'
import { createGatewayYoga, type Yoga } from '../../src/graphql/yoga.ts'

const introspection = true
const schema = createSchema()
const good = '{ viewer { clientId } }'

let documents: DocumentCache
let yoga: Yoga
beforeEach(() => {
  documents = createDocumentCache()
  const silent = () => {}
  const logger = { debug: silent, info: silent, warn: silent, error: silent }
  yoga = createGatewayYoga({
    schema,
    introspection,
    complete: createCompleteResult({ introspection }),
    logger,
    documents,
    judgeOperation: () => null,
  })
})

/** What becomes of a document before it is executed. */
function check(query: string): string {
  const { parse, validate } = yoga.getEnveloped({ params: { query } })
  try {
    return validate(schema, parse(query)).length === 0 ? 'valid' : 'not valid'
  } catch {
    return 'not parsed'
  }
}

describe('parsed documents', () => {
  test('a parsed document is kept for the next request', () => {
    expect(check(good)).toBe('valid')
    const kept = documents.get(good)
    expect(check(good)).toBe('valid')
    expect(kept).toBeDefined()
    expect(documents.get(good)).toBe(kept)
  })

  test.each([
    ['does not parse', '{ viewer {', 'not parsed'],
    ['is beyond a limit', `{ ${'viewer { clientId } '.repeat(21)} }`, 'not valid'],
    ['is not valid', '{ viewer { secret } }', 'not valid'],
  ])('are not kept of a document that %s: refused documents push out nobody', (_name, query, outcome) => {
    check(good)
    expect(check(query)).toBe(outcome)
    expect(check(query)).toBe(outcome)
    expect([...documents.keys()]).toEqual([good])
  })

  test('the error of a document that does not parse is not kept', () => {
    const thrown = () => {
      try {
        return yoga.getEnveloped({ params: { query: '{' } }).parse('{')
      } catch (error) {
        return error
      }
    }
    const first = thrown()
    expect(first).toMatchObject({ message: 'Syntax Error: Expected Name, found <EOF>.' })
    expect(thrown()).not.toBe(first)
  })

  test('parsed documents take a bounded amount of memory', () => {
    for (let index = 0; index < 2_000; index += 1)
      expect(check(`{ viewer { clientId } } # ${index} ${'x'.repeat(500)}`)).toBe('valid')
    expect(documents.calculatedSize).toBeLessThanOrEqual(100_000)
    expect(documents.size).toBeGreaterThan(150)

    expect(check(`{ viewer { clientId } } # ${'x'.repeat(90_000)}`)).toBe('valid')
    expect(documents.size).toBeGreaterThan(150)
  })
})
