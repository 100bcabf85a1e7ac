import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSearch } from './hidden-texts.ts'

/** How many lines are shown when there are more, and how much of a token. */
const shown = 5
const longest = 100

/** Not by node:readline: there U+2028 ends a line, too. */
async function* linesOf(directory: string, kind: 'log' | 'hidden'): AsyncGenerator<string> {
  for (const name of await readdir(directory))
    if (name.startsWith(`${kind}-`))
      yield* (await readFile(join(directory, name), 'utf8')).split('\n').filter((line) => line !== '')
}

/**
 * Looks through everything that a run has logged for everything that it must not have logged.
 * @returns how much there was of both
 * @throws Error that shows the first lines with a token, a secret or a redirect URI
 */
export async function checkRedaction(directory: string): Promise<{ lines: number; hidden: number }> {
  const hidden = new Set<string>()
  for await (const line of linesOf(directory, 'hidden')) hidden.add(JSON.parse(line))
  const search = createSearch(hidden)
  const leaks: string[] = []
  let lines = 0
  for await (const line of linesOf(directory, 'log')) {
    lines += 1
    const find = search(line)
    if (find) leaks.push(`${JSON.stringify(find.hidden.slice(-longest))} at ${find.at} of\n    ${line}`)
  }
  if (leaks.length > 0)
    throw new Error(
      `The log holds what nobody may read, in ${leaks.length} of ${lines} lines:\n  ${leaks.slice(0, shown).join('\n  ')}`,
    )
  return { lines, hidden: hidden.size }
}
