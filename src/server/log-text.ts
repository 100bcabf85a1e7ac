// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/**
 * What JSON leaves as it is, and a terminal or another reader of the log does not: DEL, C1, line separators,
 * bidirectional and invisible signs.
 */
const obeyed = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** A line of the log with nothing in it that could be obeyed. It is JSON before and after, and means the same. */
export function neutraliseLine(line: string): string {
  return line.replace(obeyed, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * A text for a cause that is no Error. An object's own `toString` is not run: it may throw again. Prisma's adapter
 * throws such objects.
 */
function describeOther(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return String(cause)
  const { kind, originalCode } = cause as { kind?: unknown; originalCode?: unknown } // any object can be looked into
  return typeof kind === 'string'
    ? [kind, originalCode].filter((word) => typeof word === 'string').join(' ')
    : 'an object'
}

/**
 * One cause in one line: names and codes, and the end of each message. Prisma's messages begin with our own source
 * lines.
 */
export function describeCause(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return describeOther(error).replace(unprintable, ' ').slice(0, 200)
  const code = 'code' in error ? ` ${String(error.code)}` : ''
  const message = error.message.trim().split('\n').at(-1) ?? ''
  const inner = error.cause === undefined ? '' : ` <- ${describeCause(error.cause, depth + 1)}`
  return `${error.name}${code}: ${message}`.replace(unprintable, ' ').slice(0, 300) + inner
}
