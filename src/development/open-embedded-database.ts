import { join } from 'node:path'
import { seed } from '../../prisma/seed.ts'
import type { OpenedDatabase } from '../open-database.ts'
import { switchEvents } from '../persistence/events/event-switch.ts'
import { migrate } from '../persistence/migrations/migrate.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'

/**
 * Starts the embedded PostgreSQL below `dataDir`, migrates it and inserts the demo data.
 * @param queuesEvents does what `npm run events:on` does for a database of one's own
 */
export async function openEmbeddedDatabase(
  dataDir: string,
  { queuesEvents = false }: { readonly queuesEvents?: boolean } = {},
): Promise<OpenedDatabase> {
  const embedded = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), durable: true })
  try {
    await migrate(embedded.url)
    await seed(embedded.url)
    if (queuesEvents) await switchEvents(embedded.url, true)
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
