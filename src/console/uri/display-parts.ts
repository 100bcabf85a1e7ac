/** The names of the parts in which people compare two redirect URIs, in the order of the text. */
export const partNames = ['scheme', 'host', 'port', 'path', 'query', 'fragment'] as const
export type PartName = (typeof partNames)[number]

/** The text of each part. Together the parts hold every character but `://`, `:` before the port, and nothing else. */
export type DisplayParts = Readonly<Record<PartName, string>>

/**
 * Splits a value for display (RFC 3986, appendix B). It loses no character, so that a person sees all that is stored.
 * User information stays in the host, because it deceives readers about the host.
 */
export function displayParts(value: string): DisplayParts {
  const uri = /^(?:(?<scheme>[^:/?#]+):\/\/)?(?<authority>[^/?#]*)(?<path>[^?#]*)(?<query>\?[^#]*)?(?<fragment>#.*)?$/s
  const { scheme = '', authority = '', path = '', query = '', fragment = '' } = uri.exec(value)?.groups ?? {}
  const { host = '', port = '' } = /^(?<host>.*?)(?::(?<port>[^:@\]]+))?$/s.exec(authority)?.groups ?? {}
  return { scheme, host, port, path, query, fragment }
}

/** The names of the parts that differ. */
export function changedParts(before: string, after: string): ReadonlySet<PartName> {
  const [old, next] = [displayParts(before), displayParts(after)]
  return new Set(partNames.filter((name) => old[name] !== next[name]))
}
