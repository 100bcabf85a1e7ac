/** A place in a file where the text breaks a rule of the house. */
export interface Breach {
  readonly line: number
  readonly text: string
}

const widthAtMost = 120
const wordsAtMost = 24

/** The lines of a file that are too wide. */
export const wideLines = (source: string): Breach[] =>
  source
    .split('\n')
    .map((text, index) => ({ line: index + 1, text }))
    .filter(({ text }) => text.length > widthAtMost)

/** A comment of one line, or a line of a comment of several. A `//` inside a string has no blank on both sides. */
const commentLine = /^\s*(?:\/\*\*?|\*)(?: (.*?))?\s*(?:\*\/)?$|(?:^|\s)\/\/ (.*)$/

/** The sentences of the comments of a file, each with the line on which it begins. */
function* sentences(source: string): Generator<Breach> {
  let sentence = { line: 0, text: '' }
  for (const [index, line] of [...source.split('\n'), ''].entries()) {
    const found = commentLine.exec(line)
    const text = found?.[1] ?? found?.[2] ?? ''
    // A tag, an item of a list, a row of a table and a line without text begin a new sentence.
    if (text === '' || /^(?:@|[*|-] )/.test(text)) {
      if (sentence.text !== '') yield sentence
      sentence = { line: index + 1, text: '' }
    }
    for (const part of text.split(/(?<=[.!?])\s+(?=\S)/)) {
      if (/[.!?][)"']?$/.test(sentence.text)) {
        yield sentence
        sentence = { line: index + 1, text: '' }
      }
      if (sentence.text === '') sentence.line = index + 1
      sentence.text = `${sentence.text} ${part}`.trim()
    }
  }
  if (sentence.text !== '') yield sentence
}

/** Words as a reader counts them: code in backticks is one word, and a sign alone is none. */
const wordsIn = (text: string) =>
  text
    .replace(/`[^`]*`/g, 'code')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length

/** The sentences of the comments of a file that are too long. */
export function longSentences(source: string): Breach[] {
  return [...sentences(source)].filter(({ text }) => wordsIn(text) > wordsAtMost)
}
