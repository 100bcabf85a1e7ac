/** A description that is written in several lines, as one line. */
export function prose(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: texts }, ...values)
    .replace(/\s+/g, ' ')
    .trim()
}
