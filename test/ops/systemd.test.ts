import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { findProgram } from '../support/programs.ts'

const repository = join(import.meta.dirname, '../..')
const name = 'mithril-gateway.service'
const unit = readFileSync(join(repository, 'ops/systemd', name), 'utf8')
const setting = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1]

describe('the unit for systemd', () => {
  test('the unit starts the built program as package.json does', () => {
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(setting('ExecStart')).toBe(`/usr/bin/${scripts['start:production']}`)
  })

  test('the unit gives the program time to drain, and does not restart it with a wrong configuration', () => {
    const run = readFileSync(join(repository, 'src/run.ts'), 'utf8')
    const seconds = (constant: string) =>
      Number(new RegExp(`const ${constant} = ([\\d_]+)`).exec(run)?.[1]?.replaceAll('_', '')) / 1_000
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(3 + seconds('drainMs') + seconds('closeMs'))
    expect(setting('RestartPreventExitStatus')).toBe('78')
  })

  test.skipIf(findProgram('systemd-analyze') === undefined)('is one that systemd understands', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'systemd-'))
    try {
      // Debian has no Node of its own that systemd could find.
      await writeFile(join(folder, name), unit.replace('/usr/bin/node', '/usr/bin/env node'))
      const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', join(folder, name)], {
        timeout: 10_000,
      })
      expect(stderr.split('\n').filter((line) => line.includes(name))).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
