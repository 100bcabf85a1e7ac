import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What a request began with on the wire, without its token and key. Names of headers are in lower case. */
export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly httpVersion: string
  readonly headers: Readonly<Record<string, string>>
}

/** Stands between one client and the gateway, hands on every byte as it is, and notes what requests begin with. */
export interface RecordingProxy {
  readonly origin: string
  readonly requests: SentRequest[]
  /** How many requests had this in their head or body. */
  count(text: string): number
  close(): Promise<void>
}

/**
 * Starts one. The connection of the first request that holds `loseAnswerTo` ends once the gateway has answered: the
 * client does not get a byte of it.
 */
export async function startRecordingProxy(target: string, loseAnswerTo: string): Promise<RecordingProxy> {
  const { hostname, port } = new URL(target)
  const sent: (() => string)[] = []
  const sockets = new Set<Socket>()
  let lost = false

  const server = createServer({ noDelay: true }, (client) => {
    const gateway = connect({ host: hostname, port: Number(port), noDelay: true })
    let text = ''
    let loses = false
    sent.push(() => text)
    client.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!lost && text.includes(loseAnswerTo)) {
        lost = true
        loses = true
      }
      gateway.write(chunk)
    })
    gateway.on('data', (chunk: Buffer) => {
      if (loses) client.end()
      else client.write(chunk)
    })
    for (const [from, to] of [[client, gateway] as const, [gateway, client] as const]) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('end', () => to.end())
      from.on('close', () => {
        to.destroy()
        sockets.delete(from)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // TCP, so it is no path
    get requests() {
      return sent.flatMap((text) => headsIn(text()))
    },
    count: (text) => sent.reduce((count, sentText) => count + sentText().split(text).length - 1, 0),
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const secretHeaders = ['authorization', 'api-key']

function headsIn(text: string): SentRequest[] {
  return [...text.matchAll(/(GET|HEAD|PATCH|DELETE) (\S+) HTTP\/(\d\.\d)\r\n([\s\S]*?)\r\n\r\n/g)].map(
    ([, method = '', path = '', httpVersion = '', lines = '']) => ({
      method,
      path,
      httpVersion,
      headers: Object.fromEntries(
        lines
          .split('\r\n')
          .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
          .filter(([name = '']) => !secretHeaders.includes(name)),
      ),
    }),
  )
}
