import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../fault.ts'
import { connections } from '../registry.ts'

/** What happens to the gateway itself. */
export const processFaults: readonly Fault[] = [
  {
    name: 'kill -9 of the gateway under load',
    async strike({ gateway }) {
      for (let time = 0; time < 3; time++) {
        await gateway.end('SIGKILL')
        await gateway.start()
        await delay(300)
      }
    },
  },
  {
    name: 'SIGTERM under load, with answers that take their time',
    async strike(stage) {
      const { gateway, link, ledger } = stage
      link.slow(200)
      await delay(1_000)
      const from = performance.now()
      const { code, tookMs } = await gateway.end('SIGTERM')
      link.slow(0)
      stage.expect(code === 0, `it ended with ${code}`)
      stage.expect(tookMs < 10_000, `it took ${tookMs.toFixed(0)} ms to end`)
      await gateway.start()
      // What had well begun before is answered: a request that is on its way at that very moment may meet a closed connection.
      const cut = ledger.filter(
        ({ startedAt, endedAt, outcome }) => startedAt < from - 100 && endedAt > from && typeof outcome === 'string',
      )
      const answered = ledger.filter(({ startedAt, endedAt, outcome }) => startedAt < from && endedAt > from && typeof outcome === 'number')
      stage.expect(cut.length === 0, `${cut.length} requests in flight were cut`)
      stage.expect(answered.length > 0, 'no request was in flight')
    },
  },
  {
    name: 'two instances with writers on the same connection',
    gateways: 2,
    targets: connections.slice(0, 1),
    async strike() {
      await delay(4_000)
    },
  },
]
