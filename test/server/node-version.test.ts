import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { scripts, engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

interface Ended {
  readonly code: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program by this Node. `seenVersion` is the version that the program sees, not the one that runs it. */
function runNode(args: readonly string[], seenVersion: string, environment: Record<string, string> = {}) {
  const env = { PATH: process.env['PATH'], SEEN_NODE_VERSION: seenVersion, ...environment }
  return new Promise<Ended>((resolve) => {
    const preloaded = ['--require', './test/support/seen-node-version.cjs', ...args]
    execFile(process.execPath, preloaded, { cwd: root, timeout: 30_000, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}

const needed =
  'The gateway needs Node 24 or newer, and this is Node 20.20.2. Install a newer Node. ' +
  'In a checkout, "npm ci && npm start" needs none: it starts the gateway with the Node of its packages.\n'

describe('an old Node', () => {
  test('an old Node that starts the gateway prints which Node it needs, and reads no TypeScript', {
    timeout: 120_000,
  }, async () => {
    const production = { NODE_ENV: 'production' }
    expect(await runNode(['src/start.js'], '20.20.2', production)).toEqual({ code: 1, stdout: '', stderr: needed })
    const newer = await runNode(['src/start.js'], '24.0.0', production)
    expect(newer).toMatchObject({ code: 78, stderr: expect.stringContaining('Configuration is not valid') })
  })

  test('an old Node that runs a command prints the same', async () => {
    const commands = Object.values<string>(scripts).filter((script) =>
      /\bsrc\/(?!start\.js|console\/).*\.ts\b/.test(script),
    )
    expect(commands.length).toBeGreaterThan(3)
    for (const command of commands)
      expect(command).toMatch(/^node --require \.\/src\/require-packages\.cjs src\/\S+\.ts( \w+)?$/)
    const [, ...args] = scripts['db:migrate'].split(' ')
    expect(await runNode(args, '20.20.2')).toEqual({ code: 1, stdout: '', stderr: needed })
  })

  test.each([
    ['v20.20.2', true],
    ['v22.14.0', true],
    ['v22.15.0', false],
    ['v26.10.0', false],
  ])('that installs the packages is told once what its warnings mean: %s, %s', async (version, isTold) => {
    const environment = { npm_config_user_agent: `npm/11.19.1 node/${version} linux x64 workspaces/false` }
    const { code, stdout } = await runNode(['install-notice.cjs'], process.versions.node, environment)
    expect([code, stdout]).toEqual([0, isTold ? expect.stringContaining(`Node ${version.slice(1)}; Node 22.15`) : ''])
    expect(engines.node).toContain('22.15')
  })
})

test('a clone without its packages says what to run', async () => {
  const clone = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-bare-'))
  try {
    await mkdir(join(clone, 'src'))
    for (const file of ['start.js', 'require-node.cjs', 'require-packages.cjs', 'built-program.js'])
      await cp(join(root, 'src', file), join(clone, 'src', file))
    await writeFile(join(clone, 'package.json'), '{ "type": "module" }')
    const ended = await new Promise((resolve) =>
      execFile(process.execPath, ['src/start.js'], { cwd: clone, timeout: 30_000 }, (error, stdout, stderr) =>
        resolve({ code: error?.code, stdout, stderr }),
      ),
    )
    expect(ended).toEqual({ code: 1, stdout: '', stderr: 'The packages are not installed. Run "npm ci" first.\n' })
  } finally {
    await rm(clone, { recursive: true })
  }
})
