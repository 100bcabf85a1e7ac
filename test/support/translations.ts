/** The bytes of an answer without its translations. */
export const withoutTranslations = (body: string): string =>
  JSON.stringify(JSON.parse(body, (name, value: unknown) => (name === 'localized' ? undefined : value)))

/** The translations in an answer, in the order of the text. */
export function translationsIn(body: string): { readonly locale: string; readonly message: string }[] {
  const found: { locale: string; message: string }[] = []
  JSON.parse(body, (name, value) => {
    if (name === 'localized') found.push(value)
    return value
  })
  return found
}
