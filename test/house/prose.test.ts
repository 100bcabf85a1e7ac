import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Breach, longSentences, wideLines } from './prose.ts'

const root = join(import.meta.dirname, '../..')
const generated = /^src\/(?:generated|client\/documents)\//
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
  .filter((path) => /\.tsx?$/.test(path) && !generated.test(path))

const breachesIn = (find: (source: string) => Breach[]) =>
  sources.flatMap((path) =>
    find(readFileSync(join(root, path), 'utf8')).map(({ line, text }) => `${path}:${line} ${text}`),
  )

describe('the source files', () => {
  test('are found', () => expect(sources.length).toBeGreaterThan(150))
  test('have no line wider than 120', () => expect(breachesIn(wideLines)).toEqual([]))
  test('have no comment with a sentence of more than 24 words', () => expect(breachesIn(longSentences)).toEqual([]))
})

describe('the check of widths', () => {
  test('finds a line of 121 characters and none of 120', () => {
    const [fits, wide] = ['x'.repeat(120), 'y'.repeat(121)]
    expect(wideLines(`${fits}\n${wide}\n`)).toEqual([{ line: 2, text: wide }])
  })
})

describe('the check of sentences', () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(' ')

  test.each([
    ['a comment of one line', (text: string) => `/** ${text} */`, 1],
    ['a comment behind code', (text: string) => `const a = 1 // ${text}`, 1],
    ['a comment of several lines', (text: string) => `/**\n * ${text.replace('w9 ', 'w9\n * ')}\n */`, 2],
    ['lines with two slashes', (text: string) => `  // ${text.replace('w9 ', 'w9\n  // ')}\ncode()`, 1],
    ['the second sentence of a comment', (text: string) => `/** It is short. ${text} */`, 1],
    ['the text of a tag', (text: string) => `/**\n * It is short.\n * @param ${text.replace('w0 ', '')}\n */`, 3],
  ])('finds 25 words in %s, and lets 24 pass', (_, comment, line) => {
    expect(longSentences(comment(`${words(24)}.`))).toEqual([])
    expect(longSentences(comment(`${words(25)}.`))).toMatchObject([{ line }])
  })

  test('counts code in backticks as one word, and no word in a string or a table', () => {
    expect(longSentences(`/** \`${words(30)}\` is code. */`)).toEqual([])
    expect(longSentences(`const a = "https://x ${words(30)}"`)).toEqual([])
    expect(longSentences(`/**\n${Array(30).fill(' * | a | b |').join('\n')}\n */`)).toEqual([])
  })
})
