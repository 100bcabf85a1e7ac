/** Joins the lines of a description into one. */
export function prose(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: texts }, ...values)
    .replace(/\s+/g, ' ')
    .trim()
}
