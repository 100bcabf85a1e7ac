import { describe, expect, test } from 'vitest'
import { createConnectionUpdateParser, type ShownViolation as Violation } from '../support/connection-update.ts'
import { type Broken, groups, type Rule, sentences } from './redirect-uri-table.ts'

function violation(broken: Broken): Violation {
  const path = ['redirect_uri']
  if (broken === 'pattern')
    return {
      path,
      rule: 'format',
      rawDescription: 'string does not match pattern "%{pattern}"',
      params: { pattern: '^(https)://.+' },
    }
  if (broken === 'unstorable')
    return {
      path,
      rule: 'format',
      rawDescription: 'NUL and ill-formed Unicode are not allowed',
      params: { reason: 'character' },
    }
  if (broken.startsWith('length ')) {
    const rawDescription = 'expected value to have a maximum length of %{max} but was %{actual}'
    return {
      path,
      rule: 'length',
      rawDescription,
      params: { max: 255, actual: Number(broken.slice('length '.length)) },
    }
  }
  const [name = '', codePoint] = broken.split(/ (?=U\+)/)
  const sentence = sentences[name as Rule] // The type Broken leaves nothing else.
  const reason = name.split(' ')[0] ?? ''
  return codePoint === undefined
    ? { path, rule: 'format', rawDescription: sentence, params: { reason } }
    : {
        path,
        rule: 'format',
        rawDescription: `${sentence}, found %{character}`,
        params: { reason, character: codePoint },
      }
}

function resultFor(value: string, broken: readonly Broken[]) {
  return broken.length === 0
    ? { ok: true, value: { redirectUri: value } }
    : { ok: false, violations: broken.map(violation) }
}

const parseStrict = createConnectionUpdateParser('strict')
const parseLegacy = createConnectionUpdateParser('legacy')

describe.each(Object.entries(groups))('%s', (_, cases) => {
  for (const [name, value, strict = [], legacy = []] of cases) {
    test(`strict: ${name}`, () => {
      expect(parseStrict({ redirect_uri: value })).toEqual(resultFor(value, strict))
    })

    test(`legacy: ${name}`, () => {
      expect(parseLegacy({ redirect_uri: value })).toEqual(resultFor(value, legacy))
    })
  }
})

test('every strict rule is broken by some case', () => {
  const broken = new Set(
    Object.values(groups).flatMap((cases) =>
      cases.flatMap(([, , strict = []]) => strict.map((b) => b.split(' U+')[0])),
    ),
  )
  expect(Object.keys(sentences).filter((rule) => !broken.has(rule))).toEqual([])
})
