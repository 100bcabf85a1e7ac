import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * The same PostgreSQL with its errors in Ukrainian, as `lc_messages = uk_UA.UTF-8` gives them where the translations
 * are installed. The embedded PostgreSQL has none. Severity and text are translated; codes are not.
 */
export async function startUkrainianPostgres(databaseUrl: string): Promise<{ url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) })
    let rest = Buffer.alloc(0)
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      // A message: its type, its length without the type, its content (PostgreSQL manual, 55.7 Message Formats).
      while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
        const end = rest.readInt32BE(1) + 1
        const message = rest.subarray(0, end)
        rest = rest.subarray(end)
        client.write(message[0] === ERROR ? translated(message) : message)
      }
    })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => to.end())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  return {
    url: url.href,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const ERROR = 'E'.charCodeAt(0)
const severities = new Map([
  ['ERROR', 'ПОМИЛКА'],
  ['FATAL', 'ФАТАЛЬНО'],
])

function translated(message: Buffer): Buffer {
  const fields = message.subarray(5).toString().split('\0')
  const severity = severities.get(fields.find((field) => field.startsWith('S'))?.slice(1) ?? '') ?? 'ПАНІКА'
  const content = Buffer.from(
    fields
      .map((field) => (field.startsWith('S') ? `S${severity}` : field.startsWith('M') ? 'Mтак не можна' : field))
      .join('\0'),
  )
  const head = Buffer.alloc(5)
  head[0] = ERROR
  head.writeInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}
