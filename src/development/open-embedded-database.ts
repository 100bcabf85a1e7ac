import { join } from 'node:path'
import { seed } from '../../prisma/seed.ts'
import type { OpenedDatabase } from '../open-database.ts'
import { migrate } from '../persistence/migrations/migrate.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'

/** Starts the embedded PostgreSQL below `dataDir`, migrates it and inserts the demo data. */
export async function openEmbeddedDatabase(dataDir: string): Promise<OpenedDatabase> {
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
