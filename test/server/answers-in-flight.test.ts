import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAnswersInFlight } from '../../src/server/answers-in-flight.ts'
import { bearer, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { openRaw, parseAnswers } from '../support/raw-http.ts'

let gateway: TestGateway
let port: number
let token: string
let list: string
beforeAll(async () => {
  gateway = await startTestGateway()
  port = Number(new URL(await gateway.listen()).port)
  token = gateway.issuer.mint({ clientType: 'MITHRIL ADMIN', scope: 'client:read' })
  await gateway.connection()
  // A page of 300 clients is the largest answer that the REST door has.
  await gateway.database.query(
    `INSERT INTO clients (id, name, settings, client_type_id, is_blocked, inserted_at, updated_at)
     SELECT gen_random_uuid(), 'Clinic ' || repeat('x', 200) || n, '{}', (SELECT client_type_id FROM clients LIMIT 1), false,
            now(), now() FROM generate_series(1, 300) n`,
    [],
  )
  list = `GET /api/clients?page_size=300 HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${token}\r\n\r\n`
})
afterAll(() => gateway.close())

async function unread(text: string, at = port): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: at })
  socket.on('error', () => {})
  socket.pause()
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const residentMegabytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024

test('400 connections that read none of their 20 answers take little memory, and others are served', async () => {
  const { port: listening } = gateway.app.server.address() as AddressInfo
  expect(listening).toBe(port)
  const before = residentMegabytes()
  const sockets = await Promise.all(Array.from({ length: 400 }, () => unread(list.repeat(20))))
  let most = 0
  for (let time = 0; time < 40; time++) {
    await delay(100)
    most = Math.max(most, residentMegabytes() - before)
  }
  const served = await fetch(`http://127.0.0.1:${port}/health/live`)
  expect(served.status).toBe(200)
  // The manifest gives 512 MB; a gateway at rest takes 200.
  expect(most).toBeLessThan(300)
  for (const socket of sockets) socket.destroy()
}, 120_000)

test('a client that reads gets all pipelined answers in order, one request in work at a time', async () => {
  const connection = await openRaw(port)
  const get = (number: number, ...lines: string[]) =>
    [
      `GET /health/live HTTP/1.1`,
      'host: gateway',
      `x-request-id: pipelined-request-${number}00`,
      ...lines,
      '',
      '',
    ].join('\r\n')
  connection.write([...Array(20).keys()].map((number) => get(number)).join('') + get(20, 'connection: close'))
  const answers = parseAnswers(await connection.untilClosed())
  expect(answers.map(({ status, headers }) => [status, headers['x-request-id']])).toEqual(
    [...Array(21).keys()].map((number) => [200, `pipelined-request-${number}00`]),
  )
})

test('a client that sends more than 32 requests ahead is disconnected', async () => {
  const socket = await unread(list.repeat(200))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  await closed
  expect((await fetch(`http://127.0.0.1:${port}/api/clients`, { headers: bearer(token) })).status).toBe(200)
})

test('probes are answered while other requests are refused for unread answers', async () => {
  const app = Fastify()
  const answers = createAnswersInFlight()
  app.addHook('onRequest', answers.takeTurns)
  app.addHook('onRequest', answers.refuseAboveLimit)
  app.addHook('onSend', answers.countBytes)
  app.get('/large', () => 'x'.repeat(8 * 2 ** 20))
  app.get('/live', { config: { probe: true } }, () => 'alive')
  const there = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const sockets = await Promise.all(
    Array.from({ length: 12 }, () => unread('GET /large HTTP/1.1\r\nhost: a\r\n\r\n', there)),
  )
  const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${there}${path}`)).status
  await expect.poll(() => statusOf('/large')).not.toBe(200)
  expect(await statusOf('/live')).toBe(200)
  for (const socket of sockets) socket.destroy()
  await app.close()
})

test('a request that waits behind an answer is not begun if its client goes', async () => {
  const { connectionId, clientId, path } = await gateway.connection()
  const own = gateway.issuer.mint({ clientId, clientType: 'MSP', scope: 'connection:write' })
  const update = (redirectUri: string) => {
    const content = JSON.stringify({ redirect_uri: redirectUri })
    return `PATCH ${path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\nauthorization: Bearer ${own}\r\ncontent-length: ${content.length}\r\n\r\n${content}`
  }
  const release = await gateway.database.lockConnection(connectionId)
  const socket = await unread(update('https://first.example.ua/') + update('https://second.example.ua/'))
  await gateway.database.untilLockWaited()
  socket.resetAndDestroy()
  await delay(100)
  await release()
  await expect.poll(() => gateway.redirectUriOf(connectionId)).toBe('https://first.example.ua/')
  await delay(300)
  expect(await gateway.redirectUriOf(connectionId)).toBe('https://first.example.ua/')
})
