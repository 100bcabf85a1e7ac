import { spawn } from 'node:child_process'
import type { OperatingUser } from './operating-user.ts'

/** The exit code of a program (null: a signal ended it) and its output. */
export interface Outcome {
  readonly code: number | null
  readonly output: string
}

const LONGEST_MS = 60_000

/**
 * Runs one of PostgreSQL's programs in `directory` as `user` (`undefined`: as the user of this process).
 *
 * Pass paths relative to `directory`: pg_ctl gives them to a shell inside double quotes, and the shell would expand a
 * `$`.
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
      // The program inherits no variable, because PGDATA, PGOPTIONS or a locale would change its work. On Windows it
      // needs the variables of the system.
      ...(process.platform === 'win32' ? {} : { env: { LC_ALL: 'C', TZ: 'UTC' } }),
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: output.trim() }))
  })
}
