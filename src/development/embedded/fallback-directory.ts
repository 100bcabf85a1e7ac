import { createHash } from 'node:crypto'
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { codeOf, unlessMissing } from '../../system-error.ts'
import { movedTo, type Programs } from './programs.ts'

/**
 * The folder of the cluster of `dataDir` (a real path) if PostgreSQL's user cannot enter `dataDir`. It is below
 * /var/tmp, which keeps its files after a reboot.
 */
export async function elsewhereFor(dataDir: string): Promise<string> {
  const shared = (await unlessMissing(stat('/var/tmp'))) === undefined ? tmpdir() : '/var/tmp'
  return join(await realpath(shared), `mithril-connection-gateway-${hash(dataDir)}`)
}

/**
 * Makes `path` a directory that only root may write to. Any user can create a directory with this name in /var/tmp, so
 * the function refuses one of another user.
 */
export async function makeOwnDirectory(path: string): Promise<string> {
  await mkdir(path).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  const found = await lstat(path)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0)
    throw new Error(`${path} is not a directory that only root may write to. Remove it, or set DATABASE_URL.`)
  // mkdir applies the umask, chmod does not.
  await chmod(path, 0o755)
  return path
}

/** Copies the programs below `parent`, once for each version, readable by every user. */
export async function copyPrograms(programs: Programs, parent: string): Promise<Programs> {
  const manifest = await readFile(join(dirname(programs.native), 'package.json'), 'utf8')
  const copy = join(parent, `native-${hash(manifest)}`)
  if ((await unlessMissing(stat(copy))) === undefined) await copyAside(programs.native, parent, copy)
  return movedTo(copy, programs)
}

/** Copies into a temporary folder and renames that, so that no process sees an incomplete copy. */
async function copyAside(native: string, parent: string, copy: string): Promise<void> {
  const staging = await mkdtemp(join(parent, 'copying-'))
  try {
    // No program needs static libraries at run time.
    await cp(native, staging, { recursive: true, verbatimSymlinks: true, filter: (source) => !source.endsWith('.a') })
    await openToAll(staging)
    await rename(staging, copy)
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await openToAll(path)
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
