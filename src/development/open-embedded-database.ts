import { join } from 'node:path'
import { seed } from '../../prisma/seed.ts'
import { migrate } from '../persistence/migrations/migrate.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'

/** The running embedded database. */
export interface EmbeddedDatabase {
  /** It holds the password, so no log may hold it. */
  readonly url: string
  /** A text for people, without the password. */
  readonly description: string
  readonly stop: () => Promise<void>
}

/** Starts the embedded PostgreSQL below `dataDir`, migrates it and inserts the demo data. */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  const embedded = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), durable: true })
  try {
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
