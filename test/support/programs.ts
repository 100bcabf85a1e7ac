import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian keeps programs that are not on everybody's path. */
const more = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/opt/homebrew/bin', '/usr/lib/postgresql/15/bin']

/** The path of a program of the machine, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), ...more]
    .map((directory) => join(directory, name))
    .find(existsSync)
}

/** Whether tests that need these programs are skipped: in CI they are not, since CI has to install them. */
export const isMissing = (...names: readonly string[]) =>
  process.env['CI'] === undefined && names.some((name) => findProgram(name) === undefined)
