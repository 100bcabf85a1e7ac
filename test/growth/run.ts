import { parseArgs } from 'node:util'
import { withBaseCluster } from '../faults/workshop.ts'
import { measureHttp } from './http.ts'
import { measureTables } from './tables.ts'

/**
 * How cost grows. `npm run test:growth -- connections`, `-- processes`, or `-- tables --clients 10000 --changes 100000`.
 * It prints rows of the table in docs/performance.md, and leaves nothing behind.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { clients: { type: 'string', default: '10000' }, changes: { type: 'string', default: '100000' } },
})
const [what] = positionals
const rounded = (microseconds: number) => Math.round(microseconds).toLocaleString('en')
const say = (cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

await withBaseCluster(async (base, directoryOf) => {
  if (what === 'connections' || what === 'processes') {
    say(['load', 'job', 'server µs', 'PostgreSQL µs', 'p50 ms', 'p99 ms', 'refused'])
    for (const { name, job, server, database, p50, p99, refused } of await measureHttp(
      base,
      directoryOf('growth'),
      what,
    ))
      say([name, job, rounded(server), rounded(database), p50.toFixed(1), p99.toFixed(1), Number(refused.toFixed(1))])
  } else if (what === 'tables') {
    say(['statement', 'PostgreSQL µs', 'median ms'])
    const sizes = { clients: Number(values.clients), changes: Number(values.changes) }
    for (const { name, database, milliseconds } of await measureTables(base, directoryOf('growth'), sizes))
      say([name, rounded(database), milliseconds.toFixed(2)])
  } else throw new Error('say what grows: connections, processes or tables')
})
