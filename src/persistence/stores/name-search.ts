import { containing, type SqlParameters } from './paging.ts'

/** U+0027, U+2019 and U+02BC: Ukrainian texts use all three for the same sign. */
const apostrophes = /['\u2019\u02bc]/gu

/**
 * A condition for names that contain a text, in any case and with any apostrophe. It compares the composed and the
 * decomposed form of the text, so it does not find a name that mixes both. The first `ILIKE` uses the trigram index of
 * the column, with a wildcard for each apostrophe. The second one allows only apostrophes in the places of the
 * wildcards.
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
