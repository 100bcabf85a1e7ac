import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import tls from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSender, type Sender, type SenderOptions, type SendFailure } from '../../src/events/sender.ts'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'
import { createCertificate } from '../support/certificate.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'

let senders: Sender[]
let receivers: EventReceiver[]
beforeEach(() => {
  senders = []
  receivers = []
})
afterEach(async () => {
  for (const sender of senders) sender.close()
  for (const receiver of receivers) await receiver.close()
})

function sender(options: Partial<SenderOptions> = {}): Sender {
  const made = createSender({ addresses: createTargetAddresses(['127.0.0.1']), ...options })
  senders.push(made)
  return made
}
async function receiver(...options: Parameters<typeof startEventReceiver>) {
  const started = await startEventReceiver(...options)
  receivers.push(started)
  return started
}
const headers = { 'content-type': 'application/json', 'webhook-id': 'chg_1' }
const reasonOf = (sent: Promise<unknown>) =>
  sent.then(
    () => 'none',
    (error: SendFailure) => error.reason,
  )

describe('a sender', () => {
  test('posts a text, and answers with status, Retry-After and the beginning of the body', async () => {
    const { url, messages } = await receiver(
      (_message, response) => void response.writeHead(503, { 'retry-after': '7' }).end('later'),
    )
    expect(await sender().post(url, headers, '{"a":"é"}')).toEqual({ status: 503, retryAfter: '7', body: 'later' })
    expect(messages).toMatchObject([{ id: 'chg_1', body: '{"a":"é"}' }])
  })

  test('uses one connection for messages one after the other', async () => {
    const { url, connections } = await receiver()
    const one = sender()
    for (let count = 0; count < 20; count++) await one.post(url, headers, '{}')
    expect(connections()).toBe(1)
  })

  test('reads 1 kB of an answer that never ends, and closes the connection', async () => {
    let hasEnded = false
    const { url } = await receiver((_message, response) => {
      response.on('close', () => (hasEnded = true)).writeHead(200)
      const more = () => response.writable && response.write('x'.repeat(700), () => setTimeout(more, 1))
      more()
    })
    const { status, body } = await sender().post(url, headers, '{}')
    expect([status, body]).toEqual([200, 'x'.repeat(1_024)])
    await expect.poll(() => hasEnded).toBe(true)
  })

  test('follows no redirect', async () => {
    const other = await receiver()
    const { url } = await receiver((_message, response) => void response.writeHead(307, { location: other.url }).end())
    expect((await sender().post(url, headers, '{}')).status).toBe(307)
    expect(other.connections()).toBe(0)
  })

  test('gives up in time: an endpoint that is silent, one that sends no end of its headers, one that takes nothing', async () => {
    const silent = await receiver(() => {})
    const drips = createServer((socket) => {
      socket.on('error', () => {}).write('HTTP/1.1 200 OK\r\n')
      setInterval(() => socket.write('x: y\r\n'), 20).unref()
    }).listen(0, '127.0.0.1')
    const dumb = createServer((socket) => void socket.on('error', () => {}).pause()).listen(0, '127.0.0.1')
    await Promise.all([once(drips, 'listening'), once(dumb, 'listening')])
    const urlOf = (server: typeof drips) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const startedAt = performance.now()
    const one = sender({ timeoutMs: 300 })
    const reasons = [silent.url, urlOf(drips), urlOf(dumb)].map((url) => reasonOf(one.post(url, headers, '{}')))
    expect(await Promise.all(reasons)).toEqual(['timeout', 'timeout', 'timeout'])
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    drips.close()
    dumb.close()
  })

  test('takes the status for the answer if the rest of the answer does not come', async () => {
    const { url } = await receiver((_message, response) => void response.writeHead(202).write('x'))
    expect(await sender({ timeoutMs: 200 }).post(url, headers, '{}')).toMatchObject({ status: 202, body: 'x' })
  })

  test('sends again at once if the endpoint has closed an idle connection', async () => {
    const { url, messages, connections } = await receiver((_message, response) => {
      response.writeHead(204).end()
      // The socket is closed after its answer, without a word.
      if (messages.length === 1) response.on('close', () => setTimeout(() => response.socket?.resetAndDestroy(), 5))
    })
    const one = sender()
    await one.post(url, headers, '{}')
    expect((await one.post(url, headers, '{}')).status).toBe(204)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await one.post(url, headers, '{}')).status).toBe(204)
    expect(connections()).toBeGreaterThan(0)
  })

  test('gives up in time if the endpoint closes one used connection after the other', async () => {
    const answers = new Map<unknown, number>()
    const { url } = await receiver((_message, response, { socket }) => {
      const count = (answers.get(socket) ?? 0) + 1
      answers.set(socket, count)
      if (count === 1) response.writeHead(204).end()
      else setTimeout(() => socket.resetAndDestroy(), 400)
    })
    const one = sender({ timeoutMs: 600 })
    await Promise.all(Array.from({ length: 5 }, () => one.post(url, headers, '{}')))
    const startedAt = performance.now()
    expect(await reasonOf(one.post(url, headers, '{}'))).toBe('timeout')
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })

  test('says why nobody answered', async () => {
    const closed = await startEventReceiver()
    await closed.close()
    const refuses = () => Promise.reject(new Error('unused'))
    const resolve = ((_name: string, _options: object, done: (error: Error) => void) =>
      done(Object.assign(new Error('unknown name'), { code: 'ENOTFOUND' }))) as never
    expect(await reasonOf(sender().post(closed.url, headers, '{}'))).toBe('connection')
    expect(await reasonOf(sender({ resolve }).post('https://nowhere.example.ua/', headers, '{}'))).toBe('name')
    expect(await reasonOf(refuses())).toBe(undefined)
  })

  test('ends all attempts when it is closed', async () => {
    const { url } = await receiver(() => {})
    const one = sender()
    const sent = reasonOf(one.post(url, headers, '{}'))
    await expect.poll(() => receivers[0]?.messages.length).toBe(1)
    one.close()
    expect(await sent).toBe('stopped')
  })
})

describe('over TLS', () => {
  const authorities = tls.getCACertificates('default')
  const certificate = createCertificate('127.0.0.1')
  afterEach(() => tls.setDefaultCACertificates(authorities))

  test('the sender trusts the authorities of the process, for the right address, by TLS 1.2 or newer', async () => {
    tls.setDefaultCACertificates([...authorities, certificate.cert])
    const { url, messages } = await receiver(undefined, { certificate })
    expect((await sender().post(url, headers, '{}')).status).toBe(204)
    expect(messages).toHaveLength(1)
  })

  test('nothing is sent to an endpoint whose certificate nobody vouches for, or that has another name', async () => {
    const unknown = await receiver(undefined, { certificate })
    const stranger = createCertificate('127.0.0.9')
    tls.setDefaultCACertificates([...authorities, stranger.cert])
    const wrong = await receiver(undefined, { certificate: stranger })
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      expect(await reasonOf(sender().post(unknown.url, headers, '{}'))).toBe('tls')
      expect(await reasonOf(sender().post(wrong.url, headers, '{}'))).toBe('tls')
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
    expect([...unknown.messages, ...wrong.messages]).toEqual([])
  })
})
