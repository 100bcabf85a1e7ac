import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const domain = join(import.meta.dirname, '../../src/domain')
const importsOf = (file: string) =>
  [...readFileSync(join(domain, file), 'utf8').matchAll(/from '\.\/([\w-]+\.ts)'/g)].map(
    ([, imported = '']) => imported,
  )

test('no file of the domain imports itself by way of others, not even for a type', () => {
  const files = readdirSync(domain)
  const imports = new Map(files.map((file) => [file, importsOf(file)]))
  const circles: string[] = []
  const walk = (path: readonly string[]) => {
    for (const next of imports.get(path.at(-1) ?? '') ?? []) {
      if (next === path[0]) circles.push([...path, next].join(' → '))
      else if (!path.includes(next) && next > (path[0] ?? '')) walk([...path, next])
    }
  }
  for (const file of files) walk([file])
  expect(files.length).toBeGreaterThan(20)
  expect(circles).toEqual([])
})

test('no file of the domain knows a status of HTTP', () => {
  const withStatus = readdirSync(domain).filter((file) =>
    /\bstatus(?:Code)?\b.{0,12}\b[1-5]\d\d\b/.test(readFileSync(join(domain, file), 'utf8')),
  )
  expect(withStatus).toEqual([])
})
