import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
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
      // What had well begun before is answered: a request that is on its way at that very moment may meet a closed
      // connection.
      const cut = ledger.filter(
        ({ startedAt, endedAt, outcome }) => startedAt < from - 100 && endedAt > from && typeof outcome === 'string',
      )
      const answered = ledger.filter(
        ({ startedAt, endedAt, outcome }) => startedAt < from && endedAt > from && typeof outcome === 'number',
      )
      stage.expect(cut.length === 0, `${cut.length} requests in flight were cut`)
      stage.expect(answered.length > 0, 'no request was in flight')
    },
  },
  {
    name: 'SIGTERM after callers that gave up while they were let in',
    async strike(stage) {
      const { gateway, issuer, link } = stage
      const [target] = connections
      const path = `/api/clients/${target?.clientId}/connections/${target?.connectionId}`
      const body = '{"redirect_uri":"http://nobody-waits.example.ua/"}'
      const port = Number(new URL(gateway.origin).port)
      await stage.stopTraffic()
      link.slow(100)
      // Each is somebody whom the registry has to be asked about, and no more than there are connections to ask it by:
      // nobody is refused for that. Half of them have not even sent all of their body.
      const sent = Array.from({ length: 10 }, async (_, number) => {
        const token = issuer.mint({ clientId: target?.clientId, userId: randomUUID() })
        const head = `Host: gateway\r\nX-Request-Id: gave-up-${String(number).padStart(20, '0')}\r\nAuthorization: Bearer ${token}\r\n`
        const socket = connect({ port, host: '127.0.0.1' })
        socket.on('error', () => {})
        socket.write(
          `PATCH ${path} HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length + (number % 2)}\r\n\r\n${body}`,
        )
        await delay(60)
        socket.destroy()
      })
      await Promise.all(sent)
      await delay(1_000)
      link.slow(0)
      await delay(1_000)
      const lines = (await gateway.log()).split('\n').filter((line) => line.includes('gave-up-'))
      stage.expect(
        lines.length === sent.length,
        `${lines.length} of ${sent.length} that gave up have a line in the log`,
      )
      const { code, tookMs } = await gateway.end('SIGTERM')
      stage.expect(code === 0 && tookMs < 5_000, `it ended with ${code} after ${tookMs.toFixed(0)} ms`)
      await gateway.start()
      stage.startTraffic()
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
