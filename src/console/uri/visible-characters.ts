import { alphabetFault } from '../../domain/alphabets.ts'
import { partsOf } from '../../domain/redirect-uri-parts.ts'
import { unseen } from '../../domain/redirect-uri-rules.ts'
import { displayParts } from './display-parts.ts'

/** A piece of a text: plain, or one character that needs its name to be seen. */
export interface Piece {
  readonly text: string
  /** For example `U+00A0`. Absent: the piece is plain text. */
  readonly codePoint?: string
}

const everyUnseen = new RegExp(unseen.source, `${unseen.flags}g`)

/** Cuts a text at each character that a person cannot see. */
export function piecesOf(text: string): readonly Piece[] {
  return cut(text, everyUnseen)
}

/** Cuts a host also at each letter that only looks Latin, where the host mixes alphabets or imitates a name. */
export function piecesOfHost(host: string): readonly Piece[] {
  return imitates(host)
    ? cut(host, new RegExp(`${unseen.source}|[${Object.keys(lookAlikes).join('')}]`, 'gu'))
    : piecesOf(host)
}

/** How many characters a person cannot see. */
export function unseenIn(text: string): number {
  return text.match(everyUnseen)?.length ?? 0
}

/** The text without the characters that a person cannot see. */
export function withoutUnseen(text: string): string {
  return text.replace(everyUnseen, '')
}

/** Cyrillic letters that are drawn like Latin ones. The keys are those of `looksLatin` in `domain/alphabets.ts`. */
// biome-ignore format: a table reads better in few lines
const lookAlikes: Readonly<Record<string, string>> = {
  а: 'a', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', ӏ: 'l',
  о: 'o', р: 'p', ԛ: 'q', ѕ: 's', ѵ: 'v', ԝ: 'w', х: 'x', у: 'y',
}

/** How many letters of the host only look Latin, where the host mixes alphabets or imitates a Latin name. */
export function lookAlikesIn(value: string): number {
  const { host } = displayParts(value)
  return imitates(host) ? [...host].filter((letter) => letter in lookAlikes).length : 0
}

/** The value with the Latin letters that its host seems to have. */
export function withLatinHost(value: string): string {
  const { host } = displayParts(value)
  return value.replace(host, [...host].map((letter) => lookAlikes[letter] ?? letter).join(''))
}

function imitates(host: string): boolean {
  const parts = partsOf(`https://${withoutUnseen(host)}`)
  return parts !== null && alphabetFault(parts.unicode.length > 0 ? parts.unicode : parts.labels) !== null
}

function cut(text: string, at: RegExp): readonly Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(at)) {
    if (index > end) pieces.push({ text: text.slice(end, index) })
    pieces.push({ text: found, codePoint: codePointOf(found) })
    end = index + found.length
  }
  if (end < text.length) pieces.push({ text: text.slice(end) })
  return pieces
}

function codePointOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
