import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

/**
 * What the whole run has logged, and what of it nobody may read: every token, secret and redirect URI that a test has
 * used. When the last test has ended, test/support/global-setup.ts looks for the one in the other. Outside a run
 * nothing is recorded.
 */
const directory = process.env['TEST_RECORDINGS']

function recorder(kind: 'log' | 'hidden'): (text: string) => void {
  let file: number | undefined
  return (text) => {
    if (directory === undefined) return
    // Each worker has files of its own, and writes at once: it may be ended at any moment.
    file ??= openSync(join(directory, `${kind}-${process.pid}-${threadId}`), 'a')
    writeSync(file, text)
  }
}

/** A line of a log, its end included. */
export const recordLog = recorder('log')

const hide = recorder('hidden')

/** Shorter ones are words that a log may well hold for other reasons. */
const shortest = 12

/** Texts that no log may hold. What is no text, or a short one, is let go. */
export function recordHidden(...values: readonly unknown[]): void {
  for (const value of values)
    if (typeof value === 'string' && value.length >= shortest) hide(`${JSON.stringify(value)}\n`)
}

/** A redirect URI is hidden as a whole, and so are the values of its query. */
export function recordRedirectUris(...uris: readonly unknown[]): void {
  for (const uri of uris) {
    recordHidden(uri)
    if (typeof uri === 'string' && URL.canParse(uri)) recordHidden(...new URL(uri).searchParams.values())
  }
}

/** Where a gateway logs to in tests: to `lines`, and into the recording of the run. */
export const recordedLog = (lines: string[]) => ({
  write(line: string) {
    lines.push(line)
    recordLog(line)
  },
})
