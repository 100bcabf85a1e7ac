import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, unlessMissing } from '../../system-error.ts'

/**
 * A PostgreSQL server that runs on a data directory. It reports its own `status`: `starting`, `ready`, `stopping`.
 */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly status: string
}

/** PostgreSQL is writing an empty file. A file that stays empty for this long comes from a power cut. */
const BEING_WRITTEN_MS = 5_000
/** Greater than every process number of a system. */
const NOBODY = '2147483647'

/**
 * The server that runs on `data`, from its `postmaster.pid`. A crash leaves the file, and PostgreSQL replaces it at the
 * next start, with two exceptions. The function repairs those: the file is empty, or another program of the same user
 * now has the process number. Containers reuse numbers after each start.
 */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const path = join(data, 'postmaster.pid')
  const file = await unlessMissing(open(path, 'r+'))
  if (file === undefined) return undefined
  try {
    const text = await file.readFile('utf8')
    // https://www.postgresql.org/docs/18/storage-file-layout.html: pid, directory, start, port, socket, address,
    // memory, status.
    const [pid, , , port, , , , status] = text.split('\n').map((line) => line.trim())
    if (await runsOn(data, Number(pid))) return { pid: Number(pid), port: Number(port), status: status || 'starting' }
    if (text !== '') await disown(file, text)
    else if (Date.now() - (await file.stat()).mtimeMs > BEING_WRITTEN_MS) await rm(path, { force: true })
    return undefined
  } finally {
    await file.close()
  }
}

async function runsOn(data: string, pid: number): Promise<boolean> {
  if (!(pid > 0)) return false
  if (process.platform !== 'linux') return isAlive(pid)
  try {
    // The working directory of a server is its data directory. A zombie has none.
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(data)])
    return its.ino === ours.ino && its.dev === ours.dev
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    // In a container, root may have no right to read this link.
    return isAlive(pid) && (await unlessMissing(readFile(`/proc/${pid}/comm`, 'utf8'))) === 'postgres\n'
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/**
 * Replaces the first line by a number that no process has. The other lines stay: PostgreSQL reads the memory segment
 * there to find out whether processes of the crashed server still write. A server that starts meanwhile makes a new
 * file, which this function does not change.
 */
async function disown(file: FileHandle, text: string): Promise<void> {
  const content = text.replace(/^[^\n]*/, NOBODY)
  await file.truncate(content.length)
  await file.write(content, 0)
}
