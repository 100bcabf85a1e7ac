import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type MithrilCluster, prepareForGateway, startMithrilCluster } from '../support/mithril-cluster.ts'

// `npm run history:archive` as its own role runs it, on a database with the roles of ops/.

const command = join(import.meta.dirname, '../../src/commands/archive.ts')
const before = '2016-01-01'

let cluster: MithrilCluster
let folder: string
let file: string
beforeAll(async () => {
  cluster = await startMithrilCluster()
  await prepareForGateway(cluster)
})
afterAll(() => cluster?.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-archive-'))
  file = join(folder, 'archive.jsonl')
  await cluster.query(`SET session_replication_role = replica; DELETE FROM connection_changes; DELETE FROM connections;
                       RESET session_replication_role`)
})
afterEach(() => rm(folder, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const run = (...args: string[]) =>
  new Promise<Ended>((resolve) => {
    const env = { DATABASE_URL: cluster.urlOf('gateway_archivist') }
    execFile(process.execPath, [command, ...args], { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
const archive = () => run('--before', before, '--to', file)

interface Row {
  readonly connection_id: string
  readonly id: number
  readonly changed_at: string
}

/** Changes of one connection, a day after another, as they would have been recorded then. */
async function insertHistory(from: string, rows: number, { living = true } = {}): Promise<string> {
  const connectionId = randomUUID()
  if (living)
    await cluster.query(`
      SET session_replication_role = replica;
      INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
        SELECT '${connectionId}', '${connectionId}', 'https://now.example.ua/', client.id, consumer.id, now(), now()
          FROM clients AS client, clients AS consumer
         WHERE NOT EXISTS (SELECT FROM connections WHERE client_id = client.id AND consumer_id = consumer.id) LIMIT 1;
      RESET session_replication_role`)
  await cluster.query(`
    INSERT INTO connection_changes
           (connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, caller_user_id, changed_at)
      SELECT '${connectionId}', '${connectionId}', 'UPDATED', 'https://' || number || '.example.ua/',
             'https://' || number + 1 || '.example.ua/', 'EXTERNAL', U&'a "quoted"\\2028 Користувач', '${from}'::timestamptz + number * interval '1 hour'
        FROM generate_series(0, ${rows - 1}) AS number`)
  return connectionId
}
const rowsLeft = () =>
  cluster.query(`SELECT connection_id, count(*)::int AS rows, max(redirect_uri_after) AS last FROM connection_changes
                  GROUP BY 1 ORDER BY 2, 1`)
const countLeft = async () => (await cluster.query('SELECT count(*)::int AS rows FROM connection_changes'))[0]?.['rows']

async function readFileRows(): Promise<Row[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(1, -2)
  return lines.map((line) => JSON.parse(line) as Row)
}
const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort()

describe('history:archive', () => {
  test('the archive writes old changes into a verifiable file, and removes exactly those', async () => {
    const dead = await insertHistory('2015-03-01', 5, { living: false })
    const old = await insertHistory('2015-03-01', 3)
    const both = await insertHistory('2015-12-31T22:00:00Z', 4)
    const young = await insertHistory('2020-01-01', 2)
    const whole = (
      await cluster.query(`SET timezone = 'UTC'; SELECT row_to_json(connection_changes) AS row FROM connection_changes`)
    ).map(({ row }) => row as Row)

    const { code, stdout, stderr } = await archive()

    expect([code, stderr]).toEqual([0, ''])
    const digest = /SHA-256 ([0-9a-f]{64})\.\n$/.exec(stdout)?.[1]
    // Of the living connection whose changes are all old the newest one stays.
    expect(stdout).toBe(
      `${file} holds 9 changes from before 2016-01-01; 9 of them were removed now. SHA-256 ${digest}.\n`,
    )
    expect((await rowsLeft()).map(({ connection_id, rows }) => [connection_id, rows])).toEqual(
      expect.arrayContaining([
        [old, 1],
        [both, 2],
        [young, 2],
      ]),
    )
    expect(await countLeft()).toBe(5)
    expect((await rowsLeft()).find(({ connection_id }) => connection_id === old)?.['last']).toBe(
      'https://3.example.ua/',
    )

    const archived = await readFileRows()
    expect(archived.filter(({ connection_id }) => connection_id === dead)).toHaveLength(5)
    const left = (await cluster.query(`SELECT row_to_json(connection_changes) AS row FROM connection_changes`)).map(
      ({ row }) => row as Row,
    )
    expect(sorted([...archived, ...left])).toEqual(sorted(whole))
    expect(await run('--verify', file)).toEqual({
      code: 0,
      stdout: `${file} is complete: 9 changes from before 2016-01-01. SHA-256 ${digest}.\n`,
      stderr: '',
    })
    const text = await readFile(file, 'utf8')
    expect(
      createHash('sha256')
        .update(text.slice(0, text.lastIndexOf('{')))
        .digest('hex'),
    ).toBe(digest)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['archive.jsonl'])
    expect(
      await cluster.query(
        `SELECT sha256, row_count, archived_by, before FROM connection_change_archives WHERE sha256 = '${digest}'`,
      ),
    ).toEqual([
      { sha256: digest, row_count: '9', archived_by: 'gateway_archivist', before: new Date('2016-01-01T00:00:00Z') },
    ])
  })

  test('no file is written if no change is that old', async () => {
    await insertHistory('2015-12-31', 1)
    await insertHistory('2016-01-01', 3)
    expect(await archive()).toEqual({
      code: 0,
      stdout:
        'Nothing to archive: no change is from before 2016-01-01, but for the newest ones of living connections.\n',
      stderr: '',
    })
    expect(await readdir(folder)).toEqual([])
  })

  test('the file has a default name, and a second run changes nothing', async () => {
    await insertHistory('2015-03-01', 3)
    await run('--before', before)
    const name = 'connection-changes-before-2016-01-01.jsonl'
    expect(await readdir(folder)).toEqual([name])
    const text = await readFile(join(folder, name), 'utf8')
    expect((await run('--before', before)).stdout).toContain(
      'holds 2 changes from before 2016-01-01; 0 of them were removed now.',
    )
    expect(await readFile(join(folder, name), 'utf8')).toBe(text)
    expect(await countLeft()).toBe(1)
  })

  test('the command says that a file lacks changes that can be archived by now', async () => {
    const connectionId = await insertHistory('2015-03-01', 3)
    await archive()
    await cluster.query(`DELETE FROM connections WHERE id = '${connectionId}'`)
    expect((await archive()).stdout).toMatch(
      /; 0 of them were removed now\. .* 1 more are that old: name another file for them\.\n$/,
    )
    expect(await countLeft()).toBe(2)
    expect((await run('--before', before, '--to', join(folder, 'second.jsonl'))).stdout).toContain('holds 1 changes')
  })
})

describe('an interrupted archive', () => {
  const running: ChildProcess[] = []
  const sessions: Client[] = []
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill('SIGKILL')
    for (const session of sessions.splice(0)) await session.end()
  })

  /** Runs a statement in a transaction that stays open until the session is ended. */
  async function hold(statement: string): Promise<Client> {
    const session = new Client({ connectionString: cluster.adminUrl })
    await session.connect()
    sessions.push(session)
    await session.query('BEGIN')
    await session.query(statement)
    return session
  }
  const waits = async () =>
    (
      await cluster.query(
        `SELECT FROM pg_stat_activity WHERE usename = 'gateway_archivist' AND wait_event_type = 'Lock'`,
      )
    ).length === 1

  /** Starts the command, kills it the hard way when it waits for the lock of `held`, and lets the lock go. */
  async function killWhereItWaits(held: Client): Promise<void> {
    const env = { DATABASE_URL: cluster.urlOf('gateway_archivist') }
    const child = spawn(process.execPath, [command, '--before', before, '--to', file], { env, stdio: 'ignore' })
    running.push(child)
    const closed = once(child, 'close')
    await vi.waitFor(async () => expect(await waits()).toBe(true), { timeout: 30_000, interval: 20 })
    child.kill('SIGKILL')
    await closed
    // Its session in PostgreSQL would otherwise go on when the lock is free, which loses nothing either.
    const its = `FROM pg_stat_activity WHERE usename = 'gateway_archivist'`
    await cluster.query(`SELECT pg_terminate_backend(pid) ${its}`)
    await vi.waitFor(async () => expect(await cluster.query(`SELECT ${its}`)).toEqual([]), { timeout: 30_000 })
    sessions.splice(sessions.indexOf(held), 1)
    await held.end()
  }

  test('an interruption before the file is complete removes no row, and the next run writes anew', {
    timeout: 120_000,
  }, async () => {
    await insertHistory('2015-01-01', 1_500)
    await writeFile(`${file}.partial`, 'what another attempt has left')
    // The table is locked only after the file was begun: the header waits in it for the first row.
    await killWhereItWaits(await hold('LOCK TABLE connection_changes IN ACCESS EXCLUSIVE MODE'))
    expect(await countLeft()).toBe(1_500)
    expect(await readdir(folder)).toEqual(['archive.jsonl.partial'])
    expect((await archive()).stdout).toContain(
      'holds 1499 changes from before 2016-01-01; 1499 of them were removed now.',
    )
    expect(await readdir(folder)).toEqual(['archive.jsonl'])
    expect(await countLeft()).toBe(1)
  })

  test('an interruption between file and removal leaves both, and the next run removes the rows', {
    timeout: 120_000,
  }, async () => {
    await insertHistory('2015-01-01', 20)
    await killWhereItWaits(await hold('LOCK TABLE connection_changes IN SHARE MODE'))
    expect(await countLeft()).toBe(20)
    expect((await run('--verify', file)).code).toBe(0)
    const text = await readFile(file, 'utf8')
    expect((await archive()).stdout).toContain('holds 19 changes from before 2016-01-01; 19 of them were removed now.')
    expect(await readFile(file, 'utf8')).toBe(text)
    expect(await countLeft()).toBe(1)
  })

  test('an interruption between two portions has removed only archived rows, and the next run the rest', {
    timeout: 120_000,
  }, async () => {
    const connectionId = await insertHistory('2015-01-01', 2_501)
    const held = await hold(`
      SELECT FROM connection_changes WHERE (connection_id, id) = (
        SELECT connection_id, id FROM connection_changes WHERE connection_id = '${connectionId}' ORDER BY id OFFSET 1500 LIMIT 1
      ) FOR UPDATE`)
    await killWhereItWaits(held)
    expect(await countLeft()).toBe(1_501)
    expect(await readFileRows()).toHaveLength(2_500)
    expect((await archive()).stdout).toContain(
      'holds 2500 changes from before 2016-01-01; 1500 of them were removed now.',
    )
    expect(await countLeft()).toBe(1)
  })

  test('a second archive does not run at the same time', { timeout: 120_000 }, async () => {
    await insertHistory('2015-01-01', 20)
    const held = await hold('LOCK TABLE connection_changes IN SHARE MODE')
    const first = archive()
    await vi.waitFor(async () => expect(await waits()).toBe(true), { timeout: 30_000, interval: 20 })
    const name = new URL(cluster.urlOf('gateway')).host
    expect(await run('--before', before, '--to', join(folder, 'other.jsonl'))).toEqual({
      code: 1,
      stdout: '',
      stderr: `Another process archives the history of ${name}/mithril at this moment.\n`,
    })
    await held.query('COMMIT')
    expect((await first).code).toBe(0)
    expect(await countLeft()).toBe(1)
  })
})

describe('a file that is not a complete archive', () => {
  const damage = async (change: (text: string) => string) => {
    const text = await readFile(file, 'utf8')
    await writeFile(file, change(text))
  }
  const lastLine = (text: string) => text.slice(text.trimEnd().lastIndexOf('\n') + 1)

  test.each<[string, (text: string) => string, string]>([
    ['is empty', () => '', 'it is empty'],
    ['has lost its end', (text) => text.slice(0, -lastLine(text).length), 'its last line is missing'],
    ['was cut within a line', (text) => text.slice(0, -lastLine(text).length - 10), 'its last line is missing'],
    ['has lost a row', (text) => text.replace(/\n[^\n]*\n/, '\n'), 'it has 18 rows, and its last line says 19'],
    [
      'has another value',
      (text) => text.replace('https://1.', 'https://7.'),
      'its SHA-256 is not the one of its last line',
    ],
    ['has another date', (text) => text.replace('"2016', '"2015'), 'its SHA-256 is not the one of its last line'],
    ['has other ends of lines', (text) => text.replaceAll('\n', '\r\n'), 'its SHA-256 is not the one of its last line'],
    [
      'is something else',
      () => '{"invoice": 1}\n',
      'its first line does not say "mithril-connection-gateway history 1"',
    ],
  ])(
    '%s: neither --verify takes it nor the removal, which removes nothing',
    { timeout: 60_000 },
    async (_what, change, reason) => {
      await insertHistory('2015-01-01', 20)
      const held = new Client({ connectionString: cluster.adminUrl })
      await held.connect()
      await held.query('REVOKE EXECUTE ON FUNCTION remove_archived_changes(text, text[]) FROM gateway_archivist')
      expect((await archive()).stderr).toContain('permission denied for function remove_archived_changes')
      await held.query('GRANT EXECUTE ON FUNCTION remove_archived_changes(text, text[]) TO gateway_archivist')
      await held.end()
      await damage(change)
      const refused = { code: 1, stdout: '', stderr: `${file} is not a complete archive: ${reason}.\n` }
      expect(await run('--verify', file)).toEqual(refused)
      expect(await archive()).toEqual(refused)
      expect(await countLeft()).toBe(20)
    },
  )

  test('an archive of another day does not overwrite a file', async () => {
    await insertHistory('2014-01-01', 3)
    await archive()
    expect(await run('--before', '2015-01-01', '--to', file)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${file} is there already, and holds changes from before 2016-01-01T00:00:00.000Z. Name another file.\n`,
    })
  })
})

describe('the role gateway_archivist', () => {
  const asArchivist = (statement: string) => cluster.query(statement, 'gateway_archivist')
  const digest = createHash('sha256').update('a file').digest('hex')
  const lines = (where: string) =>
    `(SELECT array_agg(row_to_json(connection_changes)::text) FROM connection_changes WHERE ${where})`
  const remove = (where: string) =>
    `SET timezone = 'UTC'; SELECT remove_archived_changes('${digest}', ${lines(where)})::int AS removed`

  test('gateway_archivist cannot remove or change a row, nor register an archive by itself', async () => {
    for (const statement of [
      'DELETE FROM connection_changes',
      `SELECT set_config('gateway.archive', '${digest}', false); DELETE FROM connection_changes`,
      `UPDATE connection_changes SET door = 'REST'`,
      'TRUNCATE connection_changes',
      `INSERT INTO connection_change_archives VALUES ('${digest}', now(), 1, 'me', now())`,
      'DELETE FROM connection_change_archives',
      'SELECT secret FROM connections',
      'SET session_replication_role = replica',
      'SET ROLE gateway_migrator',
    ])
      await expect(asArchivist(statement), statement).rejects.toMatchObject({ code: '42501' })
  })

  test('gateway_archivist removes nothing without a registered file, and no file of the last 30 days is registered', async () => {
    await insertHistory('2015-01-01', 3)
    await expect(asArchivist(remove('true'))).rejects.toMatchObject({
      code: '42501',
      message: `no archive with the digest ${digest} is registered`,
    })
    await expect(
      asArchivist(`SELECT register_history_archive('${digest}', now() - interval '29 days', 3)`),
    ).rejects.toMatchObject({
      code: '42501',
      message: 'changes of the last 30 days are not archived',
    })
  })

  test('no young row, no newest row and no row that differs from its line is removed', async () => {
    const connectionId = await insertHistory('2015-01-01', 3)
    await insertHistory('2020-01-01', 3, { living: false })
    await asArchivist(`SELECT register_history_archive('${digest}', '${before}', 3)`)
    const other = `SELECT array_agg(replace(row_to_json(connection_changes)::text, 'https://1.', 'https://9.')) FROM connection_changes`
    expect(
      await asArchivist(
        `SET timezone = 'UTC'; SELECT remove_archived_changes('${digest}', (${other} WHERE redirect_uri_after LIKE '%//1.%'))::int AS removed`,
      ),
    ).toEqual([{ removed: 0 }])
    expect(await asArchivist(remove('true'))).toEqual([{ removed: 2 }])
    expect(await asArchivist(remove('true'))).toEqual([{ removed: 0 }])
    expect((await rowsLeft()).map(({ rows }) => rows)).toEqual([1, 3])
    expect((await rowsLeft())[0]).toMatchObject({ connection_id: connectionId, last: 'https://3.example.ua/' })
  })

  test('the newest row by number and the newest row by time both stay', async () => {
    const connectionId = await insertHistory('2015-01-01', 3)
    await cluster.query(`
      INSERT INTO connection_changes
             (id, connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, changed_at)
        SELECT -1, connection_id, client_id, kind, redirect_uri_after, 'https://youngest.example.ua/', door, '2015-06-01'
          FROM connection_changes WHERE redirect_uri_after = 'https://3.example.ua/'`)
    expect((await archive()).stdout).toContain('holds 2 changes')
    expect(
      await cluster.query(
        `SELECT redirect_uri_after AS after FROM connection_changes WHERE connection_id = '${connectionId}' ORDER BY 1`,
      ),
    ).toEqual([{ after: 'https://3.example.ua/' }, { after: 'https://youngest.example.ua/' }])
  })
})

describe('its words', () => {
  test.each([
    [['--before', '2016-13-01'], 2, '--before is no day: 2016-13-01'],
    [['--before', '2015-02-30'], 2, '--before is no day: 2015-02-30'],
    [['--before', '01.01.2016'], 2, '--before is no day: 01.01.2016'],
    [[], 2, '--before is required: a day, for example 2016-01-01'],
    [['--verify', 'a', '--before', '2016-01-01'], 2, '--verify stands alone'],
    [['--since', '2016-01-01'], 2, "Unknown option '--since'"],
    [['--before', '2999-01-01'], 1, 'Changes of the last 30 days are not archived. Name an earlier day.'],
  ])('%j: %i', async (args, code, message) => {
    const ended = await run(...args)
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr.startsWith(message)).toBe(true)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
  })

  test('--help says how it is used', async () => {
    expect((await run('--help')).stdout).toContain('npm run history:archive -- --before 2016-01-01 [--to FILE]')
  })

  test('the error names a missing folder, and nothing is removed', async () => {
    await insertHistory('2015-01-01', 3)
    const ended = await run('--before', before, '--to', join(folder, 'missing', 'archive.jsonl'))
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining('ENOENT')])
    expect(await countLeft()).toBe(3)
  })
})
