import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'

const directory = 'dist/console'
const kilobytes = (bytes: number) => Math.round(bytes / 100) / 10

interface Chunk {
  readonly file: string
  readonly isEntry?: true
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
  readonly css?: readonly string[]
}

let manifest: Readonly<Record<string, Chunk>>

beforeAll(async () => {
  if (!existsSync(join(directory, '.vite/manifest.json')))
    await promisify(execFile)('node_modules/.bin/vite', ['build', '--config', 'src/console/vite.config.ts'])
  manifest = JSON.parse(await readFile(join(directory, '.vite/manifest.json'), 'utf8'))
}, 60_000)

/** Kilobytes of each file after gzip, largest first, so that a failure names what is heavy. */
async function weigh(files: Iterable<string>): Promise<{ total: number; files: Record<string, number> }> {
  const sizes: [string, number][] = await Promise.all(
    [...new Set(files)].map(async (file) => [file, gzipSync(await readFile(join(directory, file))).length]),
  )
  const listed = sizes.sort(([, a], [, b]) => b - a).map(([file, size]) => [file, kilobytes(size)])
  return { total: kilobytes(sizes.reduce((sum, [, size]) => sum + size, 0)), files: Object.fromEntries(listed) }
}

/** A chunk and all that the browser loads with it. */
function* withImports(name: string, seen = new Set<string>()): Generator<string> {
  const chunk = manifest[name]
  if (chunk === undefined || seen.has(name)) return
  seen.add(name)
  yield chunk.file
  for (const each of chunk.imports ?? []) yield* withImports(each, seen)
}

const scripts = () =>
  Object.values(manifest)
    .map(({ file }) => file)
    .filter((file) => file.endsWith('.js'))

describe('the console weighs, after gzip,', () => {
  test('at most 60 kB of JavaScript before the first list: the entry, one language and the screen of clients', async () => {
    const first = ['index.html', 'messages/uk.ts', 'screens/clients.tsx', 'node_modules/intl-messageformat/index.js']
    const names = Object.keys(manifest).filter((name) => first.some((end) => name.endsWith(end)))
    expect(names).toHaveLength(first.length)
    const { total, files } = await weigh(names.flatMap((name) => [...withImports(name)]))
    expect(total, JSON.stringify(files, null, 2)).toBeLessThanOrEqual(60)
  })

  test('at most 140 kB of JavaScript in all', async () => {
    const { total, files } = await weigh(scripts())
    expect(Object.keys(files).length).toBeGreaterThan(5)
    expect(total, JSON.stringify(files, null, 2)).toBeLessThanOrEqual(140)
  })

  test('at most 10 kB of CSS', async () => {
    const styles = Object.values(manifest).flatMap(({ file, css = [] }) => [
      ...css,
      ...(file.endsWith('.css') ? [file] : []),
    ])
    const { total, files } = await weigh(styles)
    expect(Object.keys(files)).toHaveLength(1)
    expect(total, JSON.stringify(files, null, 2)).toBeLessThanOrEqual(10)
  })
})
