import { readDatabaseUrl } from '../config/parse.ts'
import { switchEvents } from '../persistence/events/event-switch.ts'
import { report } from './report.ts'

const [word] = process.argv.slice(2)
if (word !== 'on' && word !== 'off') {
  console.error('Switches the events of changes on or off in the database: npm run events:on, npm run events:off')
  process.exit(2)
}
await report(async () => {
  const { wasSo, queues } = await switchEvents(readDatabaseUrl(), word === 'on')
  const queued =
    word === 'off'
      ? 'no change is queued'
      : `each change is queued for its subscriptions${queues ? '' : ', from the first subscription on'}`
  return `Events ${wasSo ? `were ${word} already` : `are ${word}`}: ${queued}.`
})
