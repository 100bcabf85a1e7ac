import { randomBytes, randomUUID } from 'node:crypto'
import { Client, Pool } from 'pg'
import { inject, vi } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import type { DatabaseConfig } from '../../src/config/shape.ts'
import type { Connection } from '../../src/domain/connection.ts'
import { recordHidden, recordRedirectUris } from './recordings.ts'

/** How a gateway uses its database unless it is told otherwise. Tests name what matters to them. */
export const databaseDefaults: DatabaseConfig = parseConfig({}).database

/**
 * All that a connection says, as a plain object: what a store answers makes its times only when it is asked for them.
 */
export function whole({
  id,
  clientId,
  consumerId,
  redirectUri,
  version,
  insertedAt,
  updatedAt,
}: Connection): Connection {
  return { id, clientId, consumerId, redirectUri, version, insertedAt, updatedAt }
}

/** A database of a test file's own, with what Mithril would have written. */
export interface TestDatabase {
  readonly url: string
  readonly pool: Pool
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>
  /** Inserts a client, and its type if that is new, and returns the client's id. */
  insertClient(client: { id?: string; type: string; name?: string; privSettings?: unknown }): Promise<string>
  /**
   * Inserts a connection as Mithril would, whatever its redirect URI, and returns its id. Its history is empty: it
   * stands for a connection from before migration 0012, which records new ones.
   */
  insertConnection(connection: {
    id?: string
    clientId: string
    consumerId: string
    redirectUri: string
    secret?: string
    insertedAt?: string
    updatedAt?: string
  }): Promise<string>
  /** Inserts a connection of a client's own, and returns its secret, which is that client's `api-key`. */
  insertApiKey(clientId: string): Promise<string>
  /** Inserts a user that is not blocked, and returns its id. */
  insertUser(): Promise<string>
  /** Inserts an opaque access token as Mithril would, good for an hour unless told otherwise, and returns its value. */
  insertToken(token: {
    value?: string
    name?: string | null
    clientId?: string
    scope?: unknown
    userId?: string | null
    /** Seconds since 1970. */
    expiresAt?: number | null
    /** Instead of client id and scope. */
    details?: unknown
  }): Promise<string>
  /**
   * Runs a statement in a transaction of somebody else's, which keeps its locks until what is returned is called: it
   * rolls back, unless told to commit. Once it has ended, calls of that do nothing.
   */
  hold(sql: string, params?: readonly unknown[]): Promise<(end?: 'ROLLBACK' | 'COMMIT') => Promise<void>>
  /** The same, with a lock on the row of a connection. */
  lockConnection(id: string): Promise<() => Promise<void>>
  /** Until exactly so many sessions, the gateway's or anybody's, wait for somebody else's lock in this database. */
  untilLockWaited(sessions?: number): Promise<void>
  drop(): Promise<void>
}

/**
 * Makes a migrated database, or an empty one, in a few milliseconds. Drop it in `afterAll`; the end of the run drops
 * what is left.
 */
export async function createTestDatabase({ empty = false }: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { adminUrl, template, prefix } = inject('testServer')
  const name = `${prefix}_${randomBytes(6).toString('hex')}`
  await administer(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${empty ? 'template0' : template}`)
  const url = Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href
  const pool = new Pool({ connectionString: url, max: 5, connectionTimeoutMillis: 10_000, allowExitOnIdle: true })
  // Tests cut connections; one that is idle at that moment must not end the worker.
  pool.on('error', () => {})

  const hold: TestDatabase['hold'] = async (sql, params = []) => {
    const session = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    session.on('error', () => {})
    await session.connect()
    await session.query('BEGIN')
    await session.query(sql, [...params])
    let open = true
    return async (end = 'ROLLBACK') => {
      if (!open) return
      open = false
      await session.query(end)
      await session.end()
    }
  }
  const query = async <Row extends object = Record<string, unknown>>(sql: string, params: readonly unknown[] = []) =>
    (await pool.query<Row & Record<string, unknown>>(sql, [...params])).rows

  const insertConnection: TestDatabase['insertConnection'] = async ({
    id = randomUUID(),
    clientId,
    consumerId,
    redirectUri,
    secret = randomBytes(24).toString('base64url'),
    insertedAt,
    updatedAt,
  }) => {
    recordHidden(secret)
    recordRedirectUris(redirectUri)
    await query(
      `WITH unrecorded AS (SELECT set_config('session_replication_role', 'replica', true))
       INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
       SELECT $1, $2, $3, $4::uuid, $5::uuid, coalesce($6, ${NOW}), coalesce($7, ${NOW}) FROM unrecorded`,
      [id, secret, redirectUri, clientId, consumerId, insertedAt ?? null, updatedAt ?? null],
    )
    return id
  }

  return {
    url,
    pool,
    query,
    insertClient: async ({
      id = randomUUID(),
      type,
      name = `Client ${id}`,
      privSettings = { access_type: 'DIRECT' },
    }) => {
      await query(
        `INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES ($1, $2, ${NOW}, ${NOW}) ON CONFLICT DO NOTHING`,
        [randomUUID(), type],
      )
      await query(
        `INSERT INTO clients (id, name, settings, priv_settings, client_type_id, inserted_at, updated_at)
         SELECT $1, $2, '{}', $4, id, ${NOW}, ${NOW} FROM client_types WHERE name = $3`,
        [id, name, type, JSON.stringify(privSettings)],
      )
      return id
    },
    insertConnection,
    insertApiKey: async (clientId) => {
      const secret = `key-${randomUUID()}`
      await insertConnection({ clientId, consumerId: clientId, redirectUri: 'https://mis.example.ua/', secret })
      return secret
    },
    insertUser: async () => {
      const id = randomUUID()
      await query(`INSERT INTO users (id, email, inserted_at, updated_at) VALUES ($1, $2, ${NOW}, ${NOW})`, [
        id,
        `${id}@example.ua`,
      ])
      return id
    },
    insertToken: async ({
      value = randomBytes(32).toString('base64url'),
      name = 'access_token',
      clientId,
      scope = 'connection:read connection:write',
      userId = null,
      expiresAt = Math.floor(Date.now() / 1_000) + 3_600,
      details = { client_id: clientId, scope, grant_type: 'password' },
    }) => {
      await query(
        `INSERT INTO tokens (id, name, value, expires_at, details, user_id, inserted_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, ${NOW}, ${NOW})`,
        [randomUUID(), name, value, expiresAt, JSON.stringify(details), userId],
      )
      return value
    },
    hold,
    lockConnection: (id) => hold('SELECT FROM connections WHERE id = $1 FOR UPDATE', [id]),
    untilLockWaited: async (sessions = 1) =>
      vi.waitFor(
        async () => {
          const { length } = await query(
            `SELECT FROM pg_stat_activity
              WHERE datname = current_database() AND backend_type = 'client backend' AND wait_event_type = 'Lock'`,
          )
          if (length !== sessions) throw new Error(`${length} sessions wait for a lock, not ${sessions}`)
        },
        { timeout: 30_000, interval: 5 },
      ),
    drop: async () => {
      await recordWhatIsHidden(pool)
      await pool.end()
      await administer(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

/** Secrets that the gateway has made, tokens, and redirect URIs that it was brought, as far as they are still there. */
async function recordWhatIsHidden(pool: Pool): Promise<void> {
  const valuesOf = async (sql: string) => {
    const { rows } = await pool.query<{ value: string }>(`${sql} LIMIT 10000`)
    return rows.map(({ value }) => value)
  }
  const { rows } = await pool.query(`SELECT FROM pg_class WHERE relname = 'connection_changes'`)
  if (rows.length === 0) return // never migrated
  recordHidden(...(await valuesOf('SELECT secret AS value FROM connections UNION ALL SELECT value FROM tokens')))
  recordRedirectUris(
    ...(await valuesOf(
      'SELECT redirect_uri AS value FROM connections UNION ALL SELECT redirect_uri_after FROM connection_changes',
    )),
  )
}

/** Mithril's timestamps are UTC without saying so. */
const NOW = `(now() AT TIME ZONE 'UTC')`

async function administer(adminUrl: string, sql: string): Promise<void> {
  const admin = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await admin.connect()
  try {
    await admin.query(sql)
  } finally {
    await admin.end()
  }
}
