// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/**
 * Characters that JSON does not escape, but that a terminal or another reader of the log may act on. These are DEL, C1,
 * line separators, and bidirectional and invisible characters.
 */
const active = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** Escapes the characters of a JSON line that a reader of the log may act on. The result is JSON of the same value. */
export function neutraliseLine(line: string): string {
  return line.replace(active, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * Describes a cause that is no Error, such as the objects that Prisma's adapter throws. It does not call an object's
 * own `toString`, which may throw again.
 */
function describeOther(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return String(cause)
  const { kind, originalCode } = cause as { kind?: unknown; originalCode?: unknown } // any object can be looked into
  return typeof kind === 'string'
    ? [kind, originalCode].filter((word) => typeof word === 'string').join(' ')
    : 'an object'
}

/**
 * Describes an error and its causes in one line: names, codes, and the last line of each message. Prisma's messages
 * begin with lines of our own source.
 */
export function describeCause(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return describeOther(error).replace(unprintable, ' ').slice(0, 200)
  const code = 'code' in error ? ` ${String(error.code)}` : ''
  const message = error.message.trim().split('\n').at(-1) ?? ''
  const inner = error.cause === undefined ? '' : ` <- ${describeCause(error.cause, depth + 1)}`
  return `${error.name}${code}: ${message}`.replace(unprintable, ' ').slice(0, 300) + inner
}
