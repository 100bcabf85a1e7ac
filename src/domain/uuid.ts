const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text is a UUID in the hyphenated form of RFC 9562 §4, of any version: Mithril's ids are such. */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}

/** The one spelling of a UUID, in lower case (RFC 9562 §4: capitals mean the same); any other text as it is. */
export function foldUuid(text: string): string {
  return isUuid(text) ? text.toLowerCase() : text
}
