import { join } from 'node:path'
import type { Config } from '../config/shape.ts'

/** Where the gateway's database is, for as long as it runs. */
export interface OpenedDatabase {
  /** With its password: not for logs. */
  readonly url: string
  /** For people: never with a password. */
  readonly description: string
  readonly stop: () => Promise<void>
}

/** The configured database as it is, or the embedded one, migrated and seeded. */
export async function openDatabase({ database, dataDir }: Pick<Config, 'database' | 'dataDir'>): Promise<OpenedDatabase> {
  if (database.url !== null) return { url: database.url, description: 'DATABASE_URL', stop: async () => {} }
  // Loaded here, so that a production server never loads what only development needs.
  const { startEmbeddedPostgres } = await import('./embedded-postgres.ts')
  const embedded = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), durable: true })
  try {
    const { migrate } = await import('./migrate.ts')
    const { seed } = await import('../../prisma/seed.ts')
    await migrate(embedded.url)
    await seed(embedded.url)
  } catch (error) {
    await embedded.stop()
    throw error
  }
  return {
    url: embedded.url,
    description: `embedded PostgreSQL on port ${embedded.port}, data in ${embedded.location}`,
    stop: embedded.stop,
  }
}
