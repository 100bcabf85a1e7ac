import { spawn } from 'node:child_process'
import type { OperatingUser } from './operating-user.ts'

/** How a program ended: its exit code (null: by a signal) and what it wrote. */
export interface Outcome {
  readonly code: number | null
  readonly output: string
}

const LONGEST_MS = 60_000

/**
 * Runs one of PostgreSQL's programs in `directory`, as `user` (`undefined`: as ourselves).
 *
 * Give paths relative to `directory`: pg_ctl hands them to a shell inside double quotes, where a `$` in a path would be
 * expanded.
 */
export function runProgram(
  file: string,
  args: readonly string[],
  directory: string,
  user: OperatingUser | undefined,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST_MS,
      windowsHide: true,
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      // Nothing inherited: PGDATA, PGOPTIONS or a foreign locale would change what the programs do. Windows cannot do
      // without its own.
      ...(process.platform === 'win32' ? {} : { env: { LC_ALL: 'C', TZ: 'UTC' } }),
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: output.trim() }))
  })
}
