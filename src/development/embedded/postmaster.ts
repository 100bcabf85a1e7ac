import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, unlessMissing } from '../../system-error.ts'

/**
 * A PostgreSQL server that runs on a data directory. `status` is what it says of itself: `starting`, `ready`,
 * `stopping`.
 */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly status: string
}

/** An empty file is one that is being written; one that stays so was left by a power cut. */
const BEING_WRITTEN_MS = 5_000
/** Above every process number that a system gives. */
const NOBODY = '2147483647'

/**
 * The server that runs on `data`, as its `postmaster.pid` says. A file left behind by a crash is no server, and
 * PostgreSQL replaces it when it starts next, except in two cases, which are mended here: it is empty, or its process
 * number has been given to another program of the same user, as happens in containers, where numbers start over.
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
    // A server's working directory is its data directory: no other program can be taken for it, and no zombie has one.
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(data)])
    return its.ino === ours.ino && its.dev === ours.dev
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    // Root in a container may not look there.
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
 * Puts a number that is nobody's in the place of the first line. The rest has to stay: by the memory segment named in
 * it PostgreSQL sees whether processes of the crashed server still write. A server that starts meanwhile makes a file
 * of its own; this one is not it.
 */
async function disown(file: FileHandle, text: string): Promise<void> {
  const content = text.replace(/^[^\n]*/, NOBODY)
  await file.truncate(content.length)
  await file.write(content, 0)
}
