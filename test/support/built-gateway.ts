import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findBuiltProgram } from '../../src/built-program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
let building: Promise<readonly string[]> | undefined

/**
 * Builds the gateway as `npm run build` does, unless the program of these sources is there already. Returns the
 * arguments of Node that `npm run start:production` has; the last one is the path of the program.
 */
export function buildGateway(): Promise<readonly string[]> {
  building ??= build()
  return building
}

async function build(): Promise<readonly string[]> {
  if (findBuiltProgram(root) === null)
    await promisify(execFile)('npm', ['run', '--silent', 'build:gateway'], { cwd: root, timeout: 180_000 })
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))
  const [, ...words] = scripts['start:production']?.split(' ') ?? []
  return words.map((word) => (word.startsWith('-') ? word : root + word))
}
