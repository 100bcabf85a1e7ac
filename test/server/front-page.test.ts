import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({
    NODE_ENV: 'production',
    CONSOLE_CLIENT_ID: 'console',
    CONSOLE_ISSUER: 'https://signin.example.ua',
  })
})
afterAll(() => gateway.close())

test('GET / lists the addresses of the gateway, and each of them answers', async () => {
  const answer = await gateway.app.inject('/')
  expect(answer.statusCode).toBe(200)
  const { name, version, ...addresses }: Record<string, string> = answer.json()
  expect({ name, version }).toEqual({
    name: 'Mithril connection gateway',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  })
  expect(Object.keys(addresses)).toEqual(['console', 'graphql', 'rest', 'openapi', 'documentation', 'readiness'])
  for (const address of Object.values(addresses)) {
    const { origin, pathname } = new URL(address)
    expect(origin).toBe('https://gateway.example.ua')
    expect([pathname, (await gateway.app.inject(pathname)).statusCode]).not.toEqual([pathname, 404])
  }
})

test('other methods of / are 405', async () => {
  const answer = await gateway.app.inject({ method: 'POST', url: '/' })
  expect([answer.statusCode, answer.headers.allow]).toEqual([405, expect.stringContaining('GET')])
})
