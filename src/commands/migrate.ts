import { readDatabaseUrl } from '../config/parse.ts'
import { migrate } from '../persistence/migrations/migrate.ts'
import { report } from './report.ts'

await report(async () => {
  const applied = await migrate(readDatabaseUrl(), { tell: (sentence) => console.log(sentence) })
  return applied.length === 0 ? 'Nothing to migrate: the database is up to date.' : `Applied ${applied.join(', ')}.`
})
