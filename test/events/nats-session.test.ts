import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, connect as dial, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import tls from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { natsServerOf } from '../../src/config/values.ts'
import { keepNatsSession, type NatsSession, type NatsSessions } from '../../src/events/nats/session.ts'
import { createCertificate } from '../support/certificate.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { hangMs, startEventGateway } from '../support/event-load.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { insertChanges, insertSubscription, switchOn } from '../support/events.ts'
import { natsIsMissing, prepareTestNats, type TestNats, type TestNatsOptions } from '../support/nats.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

const authorities = tls.getCACertificates('default')
const away = 'NATS cannot be used: events wait in the database'
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: hangMs, interval: 20 })

let directory: string
const servers: TestNats[] = []
const sessions: NatsSessions[] = []
const proxies: Server[] = []
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-nats-tls-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))
afterEach(async () => {
  tls.setDefaultCACertificates(authorities)
  for (const each of sessions.splice(0)) await each.close()
  for (const proxy of proxies.splice(0)) proxy.close()
  for (const server of servers.splice(0)) await server.close()
})

async function startNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const nats = await prepareTestNats(options)
  servers.push(nats)
  await nats.start()
  return nats
}

/** A nats-server with TLS whose certificate has one name or address. */
async function startTlsNats(host: string) {
  const { cert, key } = createCertificate(host)
  const [certFile, keyFile] = [join(directory, `${host}.crt`), join(directory, `${host}.key`)]
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })])
  const nats = await startNats({ more: `tls { cert_file: "${certFile}", key_file: "${keyFile}" }` })
  return { nats, cert, certFile, urlOf: (scheme: string, name: string) => urlOf(nats, scheme, name) }
}

const urlOf = ({ password, port }: TestNats, scheme: string, name: string) =>
  `${scheme}://gateway:${password}@${name}:${port}`

/** Keeps a session with the servers of EVENTS_NATS_URL. */
function keep(...urls: readonly string[]) {
  const opened: NatsSession[] = []
  const lines: { details: object; message: string }[] = []
  const write = (details: object, message: string) => void lines.push({ details, message })
  const kept = keepNatsSession({
    servers: urls.map(natsServerOf).filter((server) => server !== null),
    log: { info: write, warn: write },
    onOpen: async (session) => void opened.push(session),
    onEnd() {},
  })
  sessions.push(kept)
  return { kept, opened, lines, untilOpen: () => eventually(() => expect(kept.current()).not.toBeNull()) }
}

/** Passes bytes between a client and a server, and keeps those of the client. */
async function record(port: number) {
  const sent: Buffer[] = []
  const proxy = createServer((client) => {
    const server = dial(port, '127.0.0.1')
    client.on('data', (bytes) => sent.push(Buffer.from(bytes)))
    client.pipe(server).pipe(client)
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  proxies.push(proxy)
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return { port: (proxy.address() as AddressInfo).port, sent: () => Buffer.concat(sent) }
}

/** The first byte of a TLS record that has a handshake (RFC 8446 §5.1). */
const handshake = 0x16

describe.skipIf(natsIsMissing)('a session with NATS by TLS', () => {
  test.each([
    ['tls', 'localhost'],
    ['tls', '127.0.0.1'],
    // The server asks for TLS.
    ['nats', 'localhost'],
  ])('opens at %s://%s with its certificate; the password leaves within TLS only', async (scheme, host) => {
    const { nats, cert } = await startTlsNats(host)
    tls.setDefaultCACertificates([...authorities, cert])
    const { port, sent } = await record(nats.port)
    const { untilOpen, lines } = keep(urlOf({ ...nats, port }, scheme, host))
    await untilOpen()
    expect(lines).toEqual([{ details: {}, message: 'NATS is connected' }])
    expect(sent()[0]).toBe(handshake)
    expect(sent().toString('latin1')).not.toMatch(/CONNECT|password/)
  })

  test.each([
    ['tls', 'localhost', 'localhost', false, 'Error: self-signed certificate'],
    ['nats', 'localhost', 'localhost', false, 'Error: self-signed certificate'],
    ['tls', 'nats.example.ua', 'localhost', true, "Error: Hostname/IP does not match certificate's altnames: Host: "],
    ['nats', 'nats.example.ua', 'localhost', true, "Error: Hostname/IP does not match certificate's altnames: Host: "],
    ['tls', 'localhost', '127.0.0.1', true, "Error: Hostname/IP does not match certificate's altnames: IP: 127.0.0.1"],
    // The client library looks for `localhost` here. The URL of an IP address needs `tls://`.
    ['nats', '127.0.0.1', '127.0.0.1', true, "Error: Hostname/IP does not match certificate's altnames: Host: "],
  ])('by %s:// refuses the certificate of %s at %s, known: %s', async (scheme, name, host, isKnown, reason) => {
    const { nats, cert } = await startTlsNats(name)
    if (isKnown) tls.setDefaultCACertificates([...authorities, cert])
    const { port, sent } = await record(nats.port)
    const { kept, lines } = keep(urlOf({ ...nats, port }, scheme, host))
    await eventually(() => expect(lines).toHaveLength(1))
    expect(lines).toEqual([
      { details: { reason: expect.stringContaining(`${host}:${port}: ${reason}`) }, message: away },
    ])
    expect(kept.current()).toBeNull()
    expect(sent().toString('latin1')).not.toMatch(/CONNECT|password/)
    expect(JSON.stringify(lines)).not.toContain(nats.password)
  })

  test('does not send the password to a server without TLS', async () => {
    const nats = await startNats()
    const { port, sent } = await record(nats.port)
    const { lines } = keep(urlOf({ ...nats, port }, 'tls', 'localhost'))
    await eventually(() => expect(lines).toHaveLength(1))
    expect(lines).toEqual([
      { details: { reason: `localhost:${port}: ConnectionError: server does not support 'tls'` }, message: away },
    ])
    expect(sent()).toHaveLength(0)
  })
})

describe.skipIf(natsIsMissing)('credentials in EVENTS_NATS_URL', () => {
  const strange = 'p%a:s/s?w#o[r]d@,+ їжак'
  const user = 'the gateway@ehealth'
  const users = (name: string, password: string) =>
    `authorization { user: ${JSON.stringify(name)}, password: ${JSON.stringify(password)} }`
  const withToken = (token: string) => `authorization { token: ${JSON.stringify(token)} }`

  test.each([
    ['a user and password', users(user, strange), `${encodeURIComponent(user)}:${encodeURIComponent(strange)}`],
    ['a token', withToken(strange), encodeURIComponent(strange)],
  ])('are percent-encoded: %s open a session', async (_which, authorization, encoded) => {
    const nats = await startNats({ authorization })
    await keep(`nats://${encoded}@127.0.0.1:${nats.port}`).untilOpen()
  })

  test.each([
    ['password', users('gateway', 'right'), 'gateway:hidden-and-wrong'],
    ['user', users('gateway', 'right'), 'hidden-and-wrong:right'],
    ['token', withToken('right'), 'hidden-and-wrong'],
    ['missing password', users('gateway', 'right'), ''],
  ])('have a wrong %s: the log says so, and has none of them', async (_which, authorization, encoded) => {
    const nats = await startNats({ authorization })
    const { kept, lines } = keep(`nats://${encoded}@127.0.0.1:${nats.port}`)
    await eventually(() => expect(lines).toHaveLength(1))
    const reason = `127.0.0.1:${nats.port}: AuthorizationError: Authorization Violation`
    expect(lines).toEqual([{ details: { reason }, message: away }])
    expect(kept.current()).toBeNull()
  })
})

describe.skipIf(natsIsMissing)('a list of servers', () => {
  test('is tried one after the other: at the start, and when the server in use is killed', async () => {
    const [first, second] = [await startNats(), await startNats()]
    const gone = await prepareTestNats()
    const { kept, opened, lines, untilOpen } = keep(gone.url, first.url, second.url)
    await untilOpen()
    expect(lines).toEqual([
      { details: { reason: `127.0.0.1:${gone.port}: ConnectionError: connection refused` }, message: away },
      { details: {}, message: 'NATS is connected' },
    ])
    expect(kept.current()?.connection.info?.port).toBe(first.port)
    await first.kill()
    await eventually(() => expect(opened).toHaveLength(2))
    expect(opened[1]?.connection.info?.port).toBe(second.port)
  })
})

describe.skipIf(natsIsMissing)('gateways with an authority of the operator', () => {
  let [database, issuer, receiver] = [] as unknown as [TestDatabase, TestIssuer, EventReceiver]
  const gateways: ChildProcess[] = []
  beforeAll(async () => {
    ;[database, issuer, receiver] = await Promise.all([createTestDatabase(), startTestIssuer(), startEventReceiver()])
    await database.query(switchOn)
  })
  afterAll(async () => {
    for (const gateway of gateways) gateway.kill('SIGKILL')
    await receiver?.close()
    await issuer?.close()
    await database?.drop()
  })

  test('deliver by TLS with NODE_EXTRA_CA_CERTS; without it events wait', { timeout: 2 * hangMs }, async () => {
    const { certFile, urlOf } = await startTlsNats('localhost')
    const start = async (role: string, more: Readonly<Record<string, string>> = {}) => {
      const environment = { EVENTS_ENGINE: 'nats', EVENTS_NATS_URL: urlOf('tls', 'localhost'), EVENTS_NATS_ROLE: role }
      gateways.push(await startEventGateway(database.url, issuer, { ...environment, ...more }))
    }
    await insertSubscription(database, { url: receiver.url })
    await start('publish')
    await insertChanges(database, [{}])
    const deliveries = () => database.query('SELECT state, leased_until FROM event_deliveries')
    await eventually(async () => expect(await deliveries()).toHaveLength(1))
    await delay(1_000)
    expect(await deliveries()).toEqual([{ state: 'PENDING', leased_until: null }])
    for (const role of ['publish', 'deliver']) await start(role, { NODE_EXTRA_CA_CERTS: certFile })
    await eventually(async () => expect(await deliveries()).toMatchObject([{ state: 'DELIVERED' }]))
    expect(receiver.messages).toHaveLength(1)
  })
})
