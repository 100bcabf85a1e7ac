import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Image } from './image.ts'
import { recordLog } from './recordings.ts'

const isRoot = process.getuid?.() === 0

/**
 * Whether a process can be given a view of the file system that nobody may write to: Linux, as root, with mount
 * namespaces.
 */
export const canMountReadOnly = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0

/**
 * A process as a container of an image runs it: as the image's user, with no environment but the image's and
 * `environment`.
 */
export interface Container {
  readonly child: ChildProcessWithoutNullStreams
  readonly output: { stdout: string; stderr: string }
  /**
   * Resolves with what it has written to standard output once the pattern fits; rejects when the process ends without.
   */
  untilWritten(pattern: RegExp): Promise<RegExpExecArray>
  /** Waits for its end, which is forced after a minute. */
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

// Each program replaces the one before, so that the process started here is the image's command: signals reach it as
// they would in a container. The folder for temporary files may be a file system of its own.
const onReadOnlyFileSystems = `
  uid=$1 gid=$2
  shift 2
  mount -o remount,ro,bind / || exit 125
  if mountpoint -q /tmp; then mount -o remount,ro,bind /tmp || exit 125; fi
  exec setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs --bounding-set=-all -- "$@"`

export function startContainer(
  image: Image,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Container {
  const { uid, gid } = image.user
  const jail = ['unshare', '--mount', '/bin/sh', '-c', onReadOnlyFileSystems, 'sh', String(uid), String(gid)]
  const [program = '', ...words] = canMountReadOnly ? [...jail, ...command] : command
  const child = spawn(program, words, {
    cwd: image.workingDirectory,
    env: {
      PATH: [join(image.root, 'usr/local/bin'), '/usr/sbin:/usr/bin:/sbin:/bin'].join(':'),
      ...image.environment,
      ...environment,
    },
    ...(isRoot && !canMountReadOnly && { uid, gid }),
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
  child.once('close', () => recordLog(`${output.stdout}\n${output.stderr}\n`))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> // as Node documents the event
  return {
    child,
    output,
    async untilWritten(pattern) {
      return vi.waitFor(
        () => {
          const found = pattern.exec(output.stdout)
          if (found !== null) return found
          throw new Error(`exit ${child.exitCode}: ${output.stdout}${output.stderr}`)
        },
        { timeout: 120_000, interval: 20 },
      )
    },
    async exited() {
      const timeout = setTimeout(() => child.kill('SIGKILL'), 60_000)
      const [code, signal] = await closed
      clearTimeout(timeout)
      return { code, signal }
    },
  }
}
