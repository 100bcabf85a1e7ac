import { readDatabaseUrl } from '../config/parse.ts'
import { baseline } from '../persistence/migrations/migrate.ts'
import { report } from './report.ts'

await report(
  async () => `Recorded ${await baseline(readDatabaseUrl())} as applied. Run \`npm run db:migrate\` for the rest.`,
)
