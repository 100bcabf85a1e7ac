import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unlessMissing } from '../../system-error.ts'

/** The user that runs PostgreSQL's programs if this process is root: PostgreSQL refuses to run as root. */
export interface OperatingUser {
  readonly uid: number
  readonly gid: number
}

const READ = 4
const SEARCH = 1

/** `postgres`, or else `nobody`. The function reads /etc/passwd, because small images have no `id`. */
export async function findServiceUser(): Promise<OperatingUser> {
  const entries = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const wanted of ['postgres', 'nobody']) {
    const entry = entries.find(([name]) => name === wanted)
    const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])]
    if (uid > 0 && gid >= 0) return { uid, gid }
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and this system has neither a user postgres nor nobody. ' +
      'Run as another user or set DATABASE_URL.',
  )
}

/** The owner of `path`. undefined: the path is missing, or root owns it. */
export async function ownerOf(path: string): Promise<OperatingUser | undefined> {
  const found = await unlessMissing(stat(path))
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid }
}

/** Whether the mode bits let `user` enter every directory above `path`. The function does not read access lists. */
export async function mayReach(user: OperatingUser, path: string): Promise<boolean> {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (!(await allows(user, directory, SEARCH))) return false
    if (directory === dirname(directory)) return true
  }
}

/** Whether `user` may also read the file `path` itself. */
export async function mayRead(user: OperatingUser, path: string): Promise<boolean> {
  return (await mayReach(user, path)) && (await allows(user, path, READ))
}

async function allows(user: OperatingUser, path: string, permission: number): Promise<boolean> {
  const { uid, gid, mode } = await stat(path)
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0
  return ((mode >> shift) & permission) === permission
}
