const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text is a UUID of any version in the hyphenated form of RFC 9562 §4, as Mithril's ids are. */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}

/** Writes a UUID in lower case, since RFC 9562 §4 ignores case. Returns any other text unchanged. */
export function foldUuid(text: string): string {
  return isUuid(text) ? text.toLowerCase() : text
}
