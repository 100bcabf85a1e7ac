import { expect, test } from 'vitest'
import { outcomes } from '../../src/domain/errors.ts'
import { type WarningId, warningTexts } from '../../src/domain/redirect-uri-warnings.ts'
import { type ViolationId, violationTexts } from '../../src/domain/violation-texts.ts'
import { documentLimits } from '../../src/graphql/document-limits/limits.ts'
import { en, type MessageId } from '../../src/messages/en.ts'
import type { IdBehind } from '../../src/messages/sentences.ts'
import { uk } from '../../src/messages/uk.ts'
import { httpRefusals, reasonTexts } from '../../src/server/http-refusals.ts'

const wordsBehind = (prefix: string) =>
  Object.keys(en)
    .filter((id) => id.startsWith(`${prefix}.`))
    .map((id) => id.slice(prefix.length + 1))
    .sort()

test.each<[string, object, string[]?]>([
  ['violation', violationTexts],
  ['warning', warningTexts],
  ['outcome', { ...outcomes, ...httpRefusals }, ['unavailableFor']],
  ['reason', reasonTexts],
  ['document.limit', documentLimits],
])('each %s of the gateway has a sentence, and no other has one', (prefix, known, more = []) => {
  expect(wordsBehind(prefix)).toEqual([...Object.keys(known), ...more].sort())
})

test('a missing or a surplus sentence does not compile', () => {
  const { 'outcome.forbidden': _, ...without } = uk
  // @ts-expect-error a sentence is missing
  const missing: Readonly<Record<MessageId, string>> = without
  // @ts-expect-error a sentence has no English one
  const surplus = { ...uk, 'outcome.nothing': 'Нічого' } satisfies Record<MessageId, string>
  const known: [IdBehind<'violation'>, IdBehind<'warning'>] extends [ViolationId, WarningId] ? true : false = true
  expect([missing, surplus, known]).toHaveLength(3) // they are made for the compiler
})
