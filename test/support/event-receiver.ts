import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** A message as a receiver got it. */
export interface ReceivedMessage {
  readonly id: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly event: {
    readonly type: string
    readonly subject: string
    readonly previous?: string
    readonly data: Record<string, unknown>
  }
  readonly at: number
}

/** A real HTTP server that receives events. */
export interface EventReceiver {
  readonly url: string
  readonly messages: ReceivedMessage[]
  /** Connections that were opened. */
  connections(): number
  close(): Promise<void>
}

type Answer = (message: ReceivedMessage, response: ServerResponse, request: IncomingMessage) => void | Promise<void>

const taken: Answer = (_message, response) => void response.writeHead(204).end()

/** Starts one on a loopback address. With a certificate it speaks TLS. */
export async function startEventReceiver(
  answer: Answer = taken,
  {
    host = '127.0.0.1',
    certificate,
  }: { host?: string; certificate?: { readonly cert: string; readonly key: string } } = {},
): Promise<EventReceiver> {
  const messages: ReceivedMessage[] = []
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const { headers } = request
    const message = { id: String(headers['webhook-id']), headers, body, event: JSON.parse(body), at: performance.now() }
    messages.push(message)
    await answer(message, response, request)
  }
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void receive(request, response).catch(() => {})
  const server = certificate === undefined ? http.createServer(listener) : https.createServer(certificate, listener)
  let connections = 0
  server.on('connection', () => (connections += 1))
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${host}:${port}/events`,
    messages,
    connections: () => connections,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Whether a message has a signature by this secret, as the library finds it and as `node:crypto` finds it. */
export function verify({ headers, body, id }: Pick<ReceivedMessage, 'headers' | 'body' | 'id'>, secret: string) {
  const signatures = String(headers['webhook-signature'])
  const timestamp = String(headers['webhook-timestamp'])
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const own = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  const byCrypto = signatures
    .split(' ')
    .map((signature) => Buffer.from(signature.replace(/^v1,/, ''), 'base64'))
    .some((signature) => signature.length === own.length && timingSafeEqual(signature, own))
  let byLibrary = true
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>) // the library reads the three headers
  } catch {
    byLibrary = false
  }
  return { byLibrary, byCrypto }
}
