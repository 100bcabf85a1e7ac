import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, test } from 'vitest'
import { en, type MessageId } from '../../src/messages/en.ts'
import { locales, openCatalogue } from '../../src/messages/format.ts'
import { uk } from '../../src/messages/uk.ts'

const ids = Object.keys(en) as MessageId[] // the keys of the catalogue, which has no others

type Parts = ReturnType<IntlMessageFormat['getAst']>

/** The names of the arguments in a sentence, those inside of plurals and selects too. */
function argumentsIn(parts: Parts): string[] {
  return parts.flatMap((part) => {
    const inner = 'options' in part ? Object.values(part.options).flatMap(({ value }) => argumentsIn(value)) : []
    // A literal is a text of the sentence, and `#` has no name.
    return 'value' in part && typeof part.value === 'string' && part.type !== 0 ? [part.value, ...inner] : inner
  })
}

const argumentsOf = (locale: string, text: string) =>
  [...new Set(argumentsIn(new IntlMessageFormat(text, locale, undefined, { ignoreTag: true }).getAst()))].sort()

const number = new Set(['actual', 'count', 'max', 'min', 'seconds'])
const sample = (id: MessageId) =>
  Object.fromEntries(
    argumentsOf('en', en[id]).map((name) => [name, number.has(name) && id !== 'violation.type' ? 21 : `<${name}>`]),
  )

describe('the catalogue', () => {
  test.each(ids)('%s takes the same parameters in both languages', (id) => {
    expect(argumentsOf('uk', uk[id])).toEqual(argumentsOf('en', en[id]))
  })

  test.each(locales)(
    '%s formats each sentence with each of its parameters, and nothing is left over',
    async (locale) => {
      const format = await openCatalogue(locale)
      for (const id of ids) {
        const params = sample(id)
        const sentence = format(id, params)
        // A sentence of the console may only choose its words by a parameter.
        const shown = id.startsWith('console.') ? [] : Object.values(params)
        for (const value of shown) expect(sentence).toContain(String(value))
        expect(sentence.replace('{ } ', '')).not.toMatch(/[{}]|undefined|NaN|\s{2}|^\s|\s$/)
      }
    },
  )

  test.each(locales)('%s refuses to format a sentence without its parameter', async (locale) => {
    const format = await openCatalogue(locale)
    expect(() => format('violation.range', { min: 1 })).toThrow('max')
  })

  test('Ukrainian is written with the apostrophe U+2019 and without letters of other languages', () => {
    // ICU quotes `<` and `{` by U+0027.
    const written = ids.map((id) => uk[id].replace(/'([<>{}])'/g, '$1'))
    expect(written.filter((text) => /['\u02bcыэёъ]/i.test(text))).toEqual([])
  })

  test('both languages say different things, but for names in the console', () => {
    expect(ids.filter((id) => en[id] === uk[id] && !id.startsWith('console.'))).toEqual([])
  })
})

test.each([
  [1, 'через 1 секунду.', 'in 1 second.'],
  [2, 'через 2 секунди.', 'in 2 seconds.'],
  [5, 'через 5 секунд.', 'in 5 seconds.'],
  [11, 'через 11 секунд.', 'in 11 seconds.'],
  [21, 'через 21 секунду.', 'in 21 seconds.'],
])('a wait of %i seconds has its plural', async (seconds, ukrainian, english) => {
  const [inUkrainian, inEnglish] = [await openCatalogue('uk'), await openCatalogue('en')]
  expect(inUkrainian('outcome.tooManyRequests', { seconds })).toContain(ukrainian)
  expect(inUkrainian('outcome.unavailableFor', { seconds })).toContain(ukrainian)
  expect(inEnglish('outcome.tooManyRequests', { seconds })).toContain(english)
  expect(inEnglish('outcome.unavailableFor', { seconds })).toContain(english)
})

test.each([
  [1, '1 символ,'],
  [2, '2 символи,'],
  [5, '5 символів,'],
  [11, '11 символів,'],
  [21, '21 символ,'],
])('a limit of %i characters has its plural', async (max, ukrainian) => {
  const format = await openCatalogue('uk')
  expect(format('violation.length', { max, actual: 256 })).toBe(
    `Дозволено не більше ніж ${ukrainian} а введено 256. Скоротіть текст.`,
  )
})
