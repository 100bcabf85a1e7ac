import { chmod, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { copyPrograms, elsewhereFor, makeOwnDirectory } from './fallback-directory.ts'
import { findServiceUser, mayReach, mayRead, type OperatingUser, ownerOf } from './operating-user.ts'
import { findPrograms, type Programs } from './programs.ts'

/** Where a cluster lives, with which programs, and as whom it runs (`undefined`: as ourselves). */
export interface Place {
  readonly directory: string
  readonly programs: Programs
  readonly user: OperatingUser | undefined
}

/**
 * Decides where the cluster of `dataDir` lives: there, unless we are root and the checkout lies below a directory
 * (`/root`, a private temporary one) through which the user that PostgreSQL then runs as may not walk. In that case the
 * data, and a copy of the programs if those are out of reach too, go below `/var/tmp`.
 */
export async function findPlace(dataDir: string): Promise<Place> {
  const programs = await findPrograms()
  await mkdir(dataDir, { recursive: true })
  const wanted = await realpath(dataDir)
  if (process.getuid?.() !== 0) return { directory: wanted, programs, user: undefined }

  // A cluster that an ordinary user made goes on running as that user.
  const preferred = (await ownerOf(dataOf(wanted))) ?? (await findServiceUser())
  const reachable = await mayReach(preferred, wanted)
  const directory = reachable ? wanted : await makeOwnDirectory(await elsewhereFor(wanted))
  await chmod(directory, 0o755)
  const user = (await ownerOf(dataOf(directory))) ?? preferred
  if (await mayRun(user, programs)) return { directory, programs, user }
  return { directory, programs: await copyPrograms(programs, await makeOwnDirectory(await elsewhereFor(wanted))), user }
}

/** The cluster of a place: PostgreSQL's data, its password and its log, which come into being together. */
export function clusterOf(directory: string): string {
  return join(directory, 'cluster')
}

/** PostgreSQL's own data directory. */
export function dataOf(directory: string): string {
  return join(clusterOf(directory), 'data')
}

async function mayRun(user: OperatingUser, programs: Programs): Promise<boolean> {
  const native = await realpath(programs.native)
  return (
    (await mayRead(user, join(native, 'bin', 'postgres'))) &&
    (await mayRead(user, join(native, 'share', 'postgresql', 'postgres.bki')))
  )
}
