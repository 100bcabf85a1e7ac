import type { Config } from './config/shape.ts'

/** A database that the gateway can use. */
export interface OpenedDatabase {
  /** It holds the password, so no log may hold it. */
  readonly url: string
  /** A text for people, without the password. */
  readonly description: string
  readonly stop: () => Promise<void>
}

/** Opens the configured database, or starts the embedded one, which production never loads. */
export async function openDatabase({ database, dataDir, events }: Config): Promise<OpenedDatabase> {
  if (database.url !== null) return { url: database.url, description: 'DATABASE_URL', stop: async () => {} }
  const { openEmbeddedDatabase } = await import('./development/open-embedded-database.ts')
  return openEmbeddedDatabase(dataDir, { queuesEvents: events !== null })
}
