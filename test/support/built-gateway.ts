import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
let building: Promise<string> | undefined

/** Builds the gateway as `npm run build` does, once for each process of the tests. Returns the path of the program. */
export function buildGateway(): Promise<string> {
  building ??= promisify(execFile)('npm', ['run', '--silent', 'build:gateway'], { cwd: root, timeout: 60_000 }).then(
    () => `${root}dist/gateway/main.cjs`,
  )
  return building
}
