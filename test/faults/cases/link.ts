import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../fault.ts'

/** What happens to the link between gateway and database. */
export const linkFaults: readonly Fault[] = [
  {
    name: 'a black-holed database: nothing arrives, nothing is refused',
    async strike({ link }) {
      link.freeze()
      await delay(8_000)
      link.thaw()
    },
  },
  {
    name: 'a slow database: 150 ms each way',
    async strike(stage) {
      stage.link.slow(150)
      await delay(500)
      const before = stage.ledger.length
      await delay(5_000)
      const served = stage.ledger
        .slice(before)
        .filter(({ kind, outcome }) => kind === 'write' && outcome === 200).length
      stage.link.slow(0)
      stage.expect(served > 0, 'nobody was served meanwhile')
    },
  },
  {
    name: 'a link that breaks again and again',
    async strike({ link }) {
      for (let time = 0; time < 10; time++) {
        link.cut()
        await delay(400)
      }
    },
  },
]
