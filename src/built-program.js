// Plain JavaScript, as start.js. rolldown.config.ts and start.js use it.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The built program, and the record of the sources that it was built from. Both paths begin at the project's root. */
const program = 'dist/gateway/main.cjs'
export const recordName = 'sources.json'
const record = `dist/gateway/${recordName}`

/**
 * Describes the sources of a build: their paths, and one hash of their contents.
 * @param {string} root the project's folder
 * @param {readonly string[]} paths paths below `root`
 */
export function describeSources(root, paths) {
  const hash = createHash('sha256')
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  return { paths, hash: hash.digest('hex') }
}

/**
 * The path of the built program below `root`. null: there is none, or a source has changed since.
 * @param {string} root the project's folder
 */
export function findBuiltProgram(root) {
  try {
    const built = JSON.parse(readFileSync(join(root, record), 'utf8'))
    return describeSources(root, built.paths).hash === built.hash ? join(root, program) : null
  } catch {
    return null
  }
}
