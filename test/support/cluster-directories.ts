import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostmaster } from '../../src/development/embedded/postmaster.ts'

const prefix = 'mithril-connection-gateway-test-'
const roomNeeded = 2 ** 30

/** Makes an empty directory for a throw-away cluster. Its name tells whose it is. */
export async function makeClusterDirectory(): Promise<string> {
  return mkdtemp(join(await fastDirectory(), `${prefix}${process.pid}-`))
}

/** Stops and deletes the clusters of test runs that were killed before they could. */
export async function removeAbandonedClusters(): Promise<void> {
  const parent = await fastDirectory()
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length).split('-')[0]))) continue
    await interruptServer(join(parent, name))
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

/** Stops the server of a cluster, whoever started it, and waits for its end. */
export async function interruptServer(directory: string): Promise<void> {
  const data = join(directory, 'cluster/data')
  const server = await findPostmaster(data)
  if (server !== undefined) process.kill(server.pid, 'SIGINT')
  while ((await findPostmaster(data)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20))
}

/**
 * Memory where there is enough of it (containers have 64 MB): a copy of the template takes 15 ms there and 100 on a
 * disk.
 */
async function fastDirectory(): Promise<string> {
  const memory = '/dev/shm'
  const found = await statfs(memory).catch(() => undefined)
  return found !== undefined && found.bavail * found.bsize > roomNeeded ? memory : tmpdir()
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
