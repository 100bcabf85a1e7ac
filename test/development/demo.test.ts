import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const program = join(import.meta.dirname, '../../src/commands/demo.ts')

test('npm run demo shows one change through each door, with its row of the audit', { timeout: 120_000 }, async () => {
  const { PATH, HOME } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: { PATH, HOME }, timeout: 50_000 })
  expect(stdout.match(/^[<>] (?:POST|PATCH|HTTP \d+)/gm)).toEqual(['> POST', '< HTTP 200', '> PATCH', '< HTTP 200'])
  expect(stdout).toMatch(/'GRAPHQL'.*'https:\/\/example2\.com' .*'https:\/\/example3\.com'/)
  expect(stdout).toMatch(/'REST' .*'https:\/\/example3\.com' .*'https:\/\/example2\.com'/)
  expect(stdout).not.toContain('Bearer ey')
  expect(stdout).toMatch(/\nEverything is as it should be\.\n$/)
})
