import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Place } from '../../src/development/embedded/place.ts'
import { makeBaseCluster } from './postgres-cluster.ts'
import { fillRegistry } from './registry.ts'

/**
 * Makes the cluster that stages are copied from, and gives work the paths of directories for them. Nothing is left
 * afterwards.
 */
export async function withBaseCluster<T>(
  work: (base: Place, directoryOf: (name: string) => string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-faults-'))
  // PostgreSQL runs as another user where we are root.
  await chmod(directory, 0o755)
  const left = [directory]
  try {
    const base = await makeBaseCluster(join(directory, 'base'), fillRegistry)
    // Where that user cannot reach the checkout, data and programs are somewhere else.
    left.push(base.directory, ...(base.programs.native.includes('node_modules') ? [] : [dirname(base.programs.native)]))
    return await work(base, (name) => join(dirname(base.directory), name))
  } finally {
    for (const path of left) await rm(path, { recursive: true, force: true })
  }
}
