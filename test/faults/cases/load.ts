import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../fault.ts'
import { connections } from '../registry.ts'

/** What callers do to it. */
export const loadFaults: readonly Fault[] = [
  {
    name: 'slow clients: 300 that send a header an hour, 100 that never end a body, 100 that do not read',
    async strike(stage) {
      const { gateway, issuer } = stage
      const port = Number(new URL(gateway.origin).port)
      const [target] = connections
      const path = `/api/clients/${target?.clientId}/connections`
      const head = `Host: gateway\r\nAuthorization: Bearer ${issuer.mint({ clientId: target?.clientId, scope: 'connection:read connection:write' })}\r\n`
      const sockets: Socket[] = []
      const open = (text: string, more: (socket: Socket) => void = () => {}) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write(text)
          more(socket)
        })
        socket.on('error', () => {})
        sockets.push(socket)
      }
      for (let one = 0; one < 300; one++) open(`GET ${path} HTTP/1.1\r\n${head}`)
      for (let one = 0; one < 100; one++)
        open(
          `PATCH ${path}/${target?.connectionId} HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{ "redirect_uri": "`,
        )
      for (let one = 0; one < 100; one++)
        open('', (socket) => {
          socket.pause()
          for (let request = 0; request < 50; request++) socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n`)
        })
      const drip = setInterval(() => {
        for (const socket of sockets.slice(0, 400)) if (socket.writable) socket.write('x')
      }, 1_000)
      const from = performance.now()
      await delay(8_000)
      clearInterval(drip)
      const writes = stage.ledger.filter((one) => one.kind === 'write' && one.startedAt > from + 2_000)
      const good = writes.filter(({ outcome }) => outcome === 200).length
      stage.expect(good > 0.95 * writes.length, `only ${good} of ${writes.length} good writes were served meanwhile`)
      for (const socket of sockets) socket.destroy()
    },
  },
]
