import { chmod, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { copyPrograms, elsewhereFor, makeOwnDirectory } from './fallback-directory.ts'
import { findServiceUser, mayReach, mayRead, type OperatingUser, ownerOf } from './operating-user.ts'
import { findPrograms, type Programs } from './programs.ts'

/** The folder, the programs and the user of a cluster. `undefined`: the user of this process. */
export interface Place {
  readonly directory: string
  readonly programs: Programs
  readonly user: OperatingUser | undefined
}

/**
 * Chooses the folder of the cluster of `dataDir`, which is `dataDir` itself for an ordinary user. If this process is
 * root, PostgreSQL runs as another user. If that user cannot enter `dataDir`, the data goes below `/var/tmp`. A copy of
 * the programs goes there, too, if the user cannot read them.
 */
export async function findPlace(dataDir: string): Promise<Place> {
  const programs = await findPrograms()
  await mkdir(dataDir, { recursive: true })
  const wanted = await realpath(dataDir)
  if (process.getuid?.() !== 0) return { directory: wanted, programs, user: undefined }

  // The owner of an existing cluster runs it.
  const preferred = (await ownerOf(dataOf(wanted))) ?? (await findServiceUser())
  const reachable = await mayReach(preferred, wanted)
  const directory = reachable ? wanted : await makeOwnDirectory(await elsewhereFor(wanted))
  await chmod(directory, 0o755)
  const user = (await ownerOf(dataOf(directory))) ?? preferred
  if (await mayRun(user, programs)) return { directory, programs, user }
  return { directory, programs: await copyPrograms(programs, await makeOwnDirectory(await elsewhereFor(wanted))), user }
}

/** The folder with PostgreSQL's data, its password and its log, which are made together. */
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
