import { readResults, writeTable } from './compatibility.ts'
import { clientPrograms } from './programs.ts'

// Writes what the last run of the clients saw into docs/compatibility.md.
await writeTable(clientPrograms, await readResults())
