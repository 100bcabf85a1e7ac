import type { TestDatabase } from '../../support/database.ts'
import type { ConnectionKey } from './person.ts'

/** A row of the audit, oldest first. */
export interface StoredChange {
  readonly kind: string
  readonly before: string
  readonly after: string | null
  readonly door: string
}

/** What PostgreSQL holds of one connection, read past the gateway. */
export function storedConnection(database: () => TestDatabase, { connectionId }: ConnectionKey) {
  const query = <Row extends object>(sql: string, ...more: readonly unknown[]) =>
    database().query<Row>(sql, [connectionId, ...more])
  return {
    async redirectUri(): Promise<string | undefined> {
      const [row] = await query<{ uri: string }>('SELECT redirect_uri AS uri FROM connections WHERE id = $1')
      return row?.uri
    },
    async secret(): Promise<string | undefined> {
      const [row] = await query<{ secret: string }>('SELECT secret FROM connections WHERE id = $1')
      return row?.secret
    },
    changes: () =>
      query<StoredChange>(
        `SELECT kind, redirect_uri_before AS before, redirect_uri_after AS after, door FROM connection_changes
          WHERE connection_id = $1 ORDER BY id`,
      ),
    /** Writes past the gateway, as another program does. */
    async writePast(redirectUri: string): Promise<void> {
      await query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', redirectUri)
    },
  }
}
