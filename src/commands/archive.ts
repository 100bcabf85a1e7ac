import { parseArgs } from 'node:util'
import { readDatabaseUrl } from '../config/parse.ts'
import { verifyArchive } from '../persistence/archive/archive-file.ts'
import { archiveHistory } from '../persistence/archive/archive-history.ts'
import { report } from './report.ts'

const usage = `Moves old changes of connections from the database into a file, or checks such a file.

  npm run history:archive -- --before 2016-01-01 [--to FILE]
  npm run history:archive -- --verify FILE

--before is a day that begins at midnight UTC. The default of --to is connection-changes-before-2016-01-01.jsonl.
`

function stop(message: string): never {
  console.error(`${message}\n\n${usage}`)
  process.exit(2)
}

function parseOptions() {
  try {
    const option = { type: 'string' } as const
    const help = { type: 'boolean' } as const
    return parseArgs({ options: { before: option, to: option, verify: option, help } }).values
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error))
  }
}

/** Midnight UTC of a day. null: the text is no day of the calendar. */
function parseDay(text: string): Date | null {
  const day = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
    ? day
    : null
}

async function archive(day: string, before: Date, file: string): Promise<string> {
  const outcome = await archiveHistory({ databaseUrl: readDatabaseUrl(), before, file })
  if (outcome.archive === null)
    return `Nothing to archive: no change is from before ${day}, but for the newest ones of living connections.`
  const { rows, sha256 } = outcome.archive
  const said =
    `${file} holds ${rows} changes from before ${day}; ${outcome.removed} of them were removed now. ` +
    `SHA-256 ${sha256}.`
  return outcome.left === 0 ? said : `${said} ${outcome.left} more are that old: name another file for them.`
}

const { before, to, verify, help } = parseOptions()
if (help) console.log(usage)
else if (verify !== undefined) {
  if (before !== undefined || to !== undefined) stop('--verify stands alone')
  await report(async () => {
    const { rows, before: time, sha256 } = await verifyArchive(verify)
    return `${verify} is complete: ${rows} changes from before ${time.slice(0, 10)}. SHA-256 ${sha256}.`
  })
} else {
  if (before === undefined) stop('--before is required: a day, for example 2016-01-01')
  const day = parseDay(before)
  if (day === null) stop(`--before is no day: ${before}`)
  await report(() => archive(before, day, to ?? `connection-changes-before-${before}.jsonl`))
}
