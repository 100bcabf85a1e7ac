import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

// One policy: all packages of Prisma are of one minor version, and the schema engine that migrates is built from the
// same version as the one that prisma ships. npm has no build of the engine's package for each commit: @prisma/client
// and @prisma/schema-engine-wasm are published less often than prisma.

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const read = async (path: string): Promise<Manifest> =>
  JSON.parse(await readFile(new URL(`../../${path}/package.json`, import.meta.url), 'utf8'))
const installed = async (name: string) => (await read(`node_modules/${name}`)).version

/** `7.10` of `7.10.1`; `8.1.0` of `8.1.0-2.59be…`. */
const minorOf = (version: string) => version.split('.').slice(0, 2).join('.')
const releaseOf = (version: string) => version.split('-')[0]

test('all packages of Prisma are asked for by one minor version, and have it', async () => {
  const { dependencies, devDependencies } = await read('.')
  const packages = ['@prisma/client', '@prisma/adapter-pg', '@prisma/driver-adapter-utils']
  const asked = [...packages.map((name) => dependencies[name]), devDependencies['prisma']]
  expect(new Set(asked).size, String(asked)).toBe(1)

  const versions = await Promise.all([...packages, 'prisma'].map(installed))
  expect(new Set(versions.map(minorOf)).size, String(versions)).toBe(1)
})

test('the schema engine that migrates is built from the release that prisma ships', async () => {
  const [ours, theirs] = await Promise.all(['@prisma/schema-engine-wasm', '@prisma/engines-version'].map(installed))
  expect(releaseOf(ours ?? '')).toBe(releaseOf(theirs ?? 'none'))
  expect((await read('.')).dependencies['@prisma/schema-engine-wasm'], 'pinned: a build has no range').toBe(ours)
})
