import { rm } from 'node:fs/promises'
import { databaseFaults } from './cases/database.ts'
import { issuerFaults } from './cases/issuer.ts'
import { linkFaults } from './cases/link.ts'
import { loadFaults } from './cases/load.ts'
import { overload } from './cases/overload.ts'
import { processFaults } from './cases/process.ts'
import { NotPossible, suffer } from './fault.ts'
import { withBaseCluster } from './workshop.ts'

/**
 * Every fault at the end of the security standard, one after the other. Words on the command line pick those with them
 * in their names.
 */
const faults = [...processFaults, ...databaseFaults, ...linkFaults, ...issuerFaults, ...loadFaults, overload]
const words = process.argv.slice(2)
const chosen = faults.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))

const say = (text: string) => process.stdout.write(`${text}\n`)

// Servers and mounted disks are not to be left behind: the fault that is on is gone through first.
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted = true
  })

let passed = 0
let failed = 0
await withBaseCluster(async (base, directoryOf) => {
  for (const [number, fault] of chosen.entries()) {
    if (interrupted) break
    const startedAt = performance.now()
    const directory = directoryOf(`stage-${number}`)
    const took = () => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`
    try {
      const { figures, findings } = await suffer(fault, base, directory)
      if (findings.length === 0) passed += 1
      else failed += 1
      say(`${findings.length === 0 ? 'ok    ' : 'FAILED'}  ${fault.name}: ${figures} (${took()})`)
      for (const finding of findings) say(`        - ${finding}`)
    } catch (error) {
      if (error instanceof NotPossible) {
        say(`skipped ${fault.name}: ${error.message}`)
        continue
      }
      failed += 1
      say(`FAILED  ${fault.name}: ${error instanceof Error ? error.stack : String(error)}`)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
})
say(`${passed} passed, ${failed} failed`)
// At once: Node's own end may wait for ever for a socket that a fault has left half closed.
process.exit(failed === 0 && passed > 0 && !interrupted ? 0 : 1)
