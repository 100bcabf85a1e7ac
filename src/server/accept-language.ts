import { type Locale, locales } from '../messages/format.ts'

/** A longer header is no preference of a person. It bounds the ranges, too. */
const longest = 1_000

/** One member of the list (RFC 9110 §5.6.1, §12.4.2, §12.5.4) with the comma behind it: a range and a weight. */
const member =
  /[\t ,]*([a-z]{1,8}(?:-[a-z\d]{1,8})*|\*)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[\t ]*(?:,[\t ,]*|$)/iy

/** The ranges in lower case with their weights. null: the header does not follow the grammar. */
function rangesIn(header: string): { readonly range: string; readonly weight: number }[] | null {
  const ranges = []
  for (let index = 0; index < header.length; index = member.lastIndex) {
    member.lastIndex = index
    const [, range, weight = '1'] = member.exec(header) ?? []
    if (range === undefined) return null
    ranges.push({ range: range.toLowerCase(), weight: Number(weight) })
  }
  return ranges
}

/**
 * The language of the catalogue that an `Accept-Language` header likes best; of equal ones the one that it names first.
 * A range of a country (`uk-UA`) means its language (RFC 4647 §3.4). A language of weight 0 is refused.
 * @returns null if the header names none of the languages, is malformed, or longer than 1,000 characters. The range of
 *   everything names none: many programs send it without a person behind them.
 */
export function preferredLocale(header: string): Locale | null {
  if (header === '*' || header.length > longest) return null
  const ranges = rangesIn(header) ?? []
  const isRefused = (locale: Locale) => ranges.some(({ range, weight }) => range === locale && weight === 0)
  const [best] = ranges
    .flatMap(({ range, weight }) => {
      const locale = locales.find((known) => range === known || range.startsWith(`${known}-`))
      return locale === undefined || weight === 0 || isRefused(locale) ? [] : [{ locale, weight }]
    })
    .sort((one, other) => other.weight - one.weight)
  return best?.locale ?? null
}
