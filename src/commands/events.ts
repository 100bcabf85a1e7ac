import { readDatabaseUrl } from '../config/parse.ts'
import { switchEvents } from '../persistence/events/event-switch.ts'
import { report } from './report.ts'

const [word] = process.argv.slice(2)
if (word !== 'on' && word !== 'off') {
  console.error('Switches the events of changes on or off in the database: npm run events:on, npm run events:off')
  process.exit(2)
}
await report(async () =>
  (await switchEvents(readDatabaseUrl(), word === 'on'))
    ? `Events are ${word}: ${word === 'on' ? 'each change is queued for its subscriptions' : 'no change is queued'}.`
    : `Events were ${word} already.`,
)
