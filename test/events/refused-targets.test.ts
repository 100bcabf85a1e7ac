import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { lookup } from 'node:dns'
import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSender, type Sender, type SendFailure } from '../../src/events/sender.ts'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { specialAddresses } from '../support/special-addresses.ts'

// Targets to which the gateway opens no connection. Node tells of each address that a socket tries.

let listener: EventReceiver
let port: string
let attempts: string[]
let sender: Sender | undefined
const watch = (message: unknown) =>
  (message as { socket: Socket }).socket.on('connectionAttempt', (address: string, at: number) =>
    attempts.push(`${address} ${at}`),
  )
beforeAll(async () => {
  listener = await startEventReceiver(undefined, { host: '127.0.0.1' })
  port = new URL(listener.url).port
  subscribe('net.client.socket', watch)
})
afterAll(async () => {
  unsubscribe('net.client.socket', watch)
  await listener.close()
})
beforeEach(() => {
  attempts = []
})
afterEach(() => sender?.close())

type Resolver = (name: string) => readonly string[]
const addressOf = (address: string) => ({ address, family: address.includes(':') ? 6 : 4 })

function post(url: string, { networks = [], resolve }: { networks?: readonly string[]; resolve?: Resolver } = {}) {
  const answer = (name: string, _options: object, done: (error: null, found: object[]) => void) =>
    done(null, (resolve?.(name) ?? []).map(addressOf))
  sender?.close()
  sender = createSender({
    addresses: createTargetAddresses(networks),
    timeoutMs: 500,
    ...(resolve && { resolve: answer as unknown as typeof lookup }), // the only form of it that the sender calls
  })
  return sender.post(url, {}, '{}').then(
    ({ status }) => status,
    (error: SendFailure) => error.reason,
  )
}

test('the watch sees a connection to an address that is allowed', async () => {
  expect(await post(listener.url, { networks: ['127.0.0.1'] })).toBe(204)
  expect(attempts).toEqual([`127.0.0.1 ${port}`])
})

describe('a literal target gets no connection:', () => {
  test.each([
    ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '017700000001'],
    ...['0', '0.0.0.0', '127.0.0.1.', '①②⑦.0.0.1', '127。0。0。1', '127.0.0.1%00', '%3127.0.0.1', '[::1]', '[::]'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]'],
    ...['[::1%25lo]', '[fe80::1]', '[fd00:ec2::254]', '169.254.169.254', '0xa9fea9fe', '2852039166', '10.0.0.1'],
    ...['172.16.0.1', '192.168.1.1', '100.64.0.1', '192.0.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
    ...['168.63.129.16', 'localhost', 'LOCALHOST', 'localhost.', 'localhost.localdomain', 'a.localhost', 'gateway'],
  ])('%s', async (host) => {
    for (const scheme of ['http', 'https'])
      for (const at of [`:${port}`, ''])
        expect(await post(`${scheme}://${host}${at}/`, { resolve: () => ['127.0.0.1'] })).toBe('address')
    expect(attempts).toEqual([])
  })
})

describe('a name gets no connection if it resolves to', () => {
  test.each(specialAddresses)('%s', async (address) => {
    const resolve = () => [address]
    expect(await post('https://events.example.ua/', { resolve })).toBe('address')
    expect(await post('https://events.example.ua:443/', { resolve: () => ['8.8.8.8', address] })).toBe('address')
    expect(attempts).toEqual([])
  })

  test('nothing at all', async () => {
    expect(await post('https://events.example.ua/', { resolve: () => [] })).toBe('address')
    expect(attempts).toEqual([])
  })
})

describe('a target with a trap gets no connection:', () => {
  test.each([
    ['user information', 'https://events.example.ua@127.0.0.1/'],
    ['user information with a password', 'https://a:b@events.example.ua/'],
    ['a backslash', 'https://events.example.ua\\@127.0.0.1/'],
    ['a fragment', 'https://events.example.ua/#@127.0.0.1'],
    ['a tab in its host', 'https://127.0.\t0.1/'],
    ['a line feed before a header', 'https://events.example.ua/\r\nhost: 127.0.0.1'],
    ['another port', 'https://events.example.ua:22/'],
    ['the port of a database', 'https://events.example.ua:5432/'],
    ['a port of zero', 'https://events.example.ua:0/'],
    ['plain HTTP', 'http://events.example.ua/'],
    ['a file', 'file:///etc/passwd'],
    ['another scheme', 'gopher://127.0.0.1/'],
    ['a scheme in capital letters', 'HTTP://127.0.0.1/'],
    ['no scheme', '//127.0.0.1/'],
    ['no text', ''],
  ])('%s', async (_trap, url) => {
    expect(await post(url, { resolve: () => ['8.8.8.8'] })).toBe('address')
    expect(attempts).toEqual([])
  })
})

test('a name that changes its address between two attempts is judged at each connection', async () => {
  const answers = [['198.51.100.7'], ['127.0.0.1'], ['198.51.100.7', '127.0.0.1']]
  let asked = 0
  const resolve = () => answers[asked++] ?? []
  const one = { networks: ['198.51.100.0/24'], resolve }
  expect(await post('https://events.example.ua/', one)).not.toBe('address')
  expect([await post('https://events.example.ua/', one), await post('https://events.example.ua/', one)]).toEqual([
    'address',
    'address',
  ])
  expect([asked, attempts]).toEqual([3, ['198.51.100.7 443']])
})

test('a named network does not open its neighbours', async () => {
  const networks = ['127.0.0.2']
  expect(await post(listener.url, { networks })).toBe('address')
  expect(await post('https://events.example.ua/', { networks, resolve: () => ['127.0.0.1'] })).toBe('address')
  expect(attempts).toEqual([])
})

test('no variable of a proxy sends an event elsewhere', async () => {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  const other = await startEventReceiver()
  for (const name of names) process.env[name] = new URL(other.url).origin
  process.env['NODE_USE_ENV_PROXY'] = '1'
  try {
    expect(await post(listener.url, { networks: ['127.0.0.1'] })).toBe(204)
    expect(other.connections()).toBe(0)
  } finally {
    for (const name of [...names, 'NODE_USE_ENV_PROXY']) delete process.env[name]
    await other.close()
  }
})
