import { containing, type SqlParameters } from './paging.ts'

/** U+0027, U+2019 and U+02BC: Ukrainian texts have each of them, and mean the same sign. */
const apostrophes = /['\u2019\u02bc]/gu

/**
 * A condition for a name that contains a text, in any case and with any apostrophe. The text is looked for in its
 * composed and in its decomposed form; a name that mixes both forms is not found. The trigram index serves the `ILIKE`
 * of a column, so it comes first, with a wildcard for each apostrophe. The second condition, on what the first one
 * finds, lets nothing but apostrophes stand there.
 */
export function nameContains(column: string, text: string, values: SqlParameters): string {
  const forms = [...new Set([text.normalize('NFC'), text.normalize('NFD')])]
  const conditions = forms.map((form) => {
    const indexed = `${column} ILIKE ${values.add(containing(form).replace(apostrophes, '_'))}`
    if (form.search(apostrophes) === -1) return indexed
    const exact = values.add(containing(form.replace(apostrophes, "'")))
    return `(${indexed} AND translate(${column}, '\u2019\u02bc', '''''') ILIKE ${exact})`
  })
  return conditions.length === 1 ? String(conditions[0]) : `(${conditions.join(' OR ')})`
}
