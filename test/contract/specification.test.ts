import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

// The examples of API-009-001-006-0339, character for character.
const request = '{ "redirect_uri": "https://example3.com" }'
const response =
  '{ "meta": { "code": 200, "url": "https://example.com/resource", "type": "object", "request_id": "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810" }, "data": { "id": "df9f70ee-4b12-4740-b0f5-bb5aea116863", "client_id": "c4a6d45f-2cf2-4e6d-909a-5962604ad63b", "consumer_id": "25c03af6-69bd-439e-b0dd-f1669b3dbbfd", "redirect_uri": "https://example2.com" } }'

const { meta, data } = JSON.parse(response)
const path = `/api/clients/${data.client_id}/connections/${data.id}`

let gateway: TestGateway
let token: string
beforeAll(async () => {
  gateway = await startTestGateway({ PUBLIC_URL: 'https://example.com' })
  await gateway.database.insertClient({ id: data.client_id, type: 'MSP' })
  await gateway.database.insertClient({ id: data.consumer_id, type: 'MIS' })
  await gateway.database.insertConnection({
    id: data.id,
    clientId: data.client_id,
    consumerId: data.consumer_id,
    redirectUri: 'https://example.com',
  })
  token = gateway.issuer.mint(writer(data.client_id))
})
afterAll(() => gateway.close())

test("the specification's request is answered with the specification's response", async () => {
  const answer = await gateway.patch(path, request.replace('example3', 'example2'), token, {
    headers: { 'x-request-id': meta.request_id },
  })
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['x-request-id']).toBe(meta.request_id)
  // Its example of meta.url is a placeholder; the path is the resource's.
  expect(answer.body).toBe(
    JSON.stringify(JSON.parse(response)).replace('https://example.com/resource', `https://example.com${path}`),
  )
})

test('the request is literally that of the specification', async () => {
  const answer = await gateway.patch(path, request, token, {
    headers: { 'api-key': 'what the first real callers send' },
  })
  expect(answer.json().data).toEqual({ ...data, redirect_uri: 'https://example3.com' })
})

test.each([
  [401, 'Access denied', null, {}],
  [403, 'Invalid scopes', { scope: 'connection:read' }, {}],
  [403, 'Forbidden', { clientId: '1380df72-275a-11e7-93ae-92361f002671' }, {}],
  [422, 'Validation failed', {}, { redirect_uri: 'http://example3.com' }],
] as const)('%i %s', async (status, message, caller, body) => {
  const sent = caller === null ? null : gateway.issuer.mint(writer(data.client_id, caller))
  const answer = await gateway.patch(path, body, sent)
  expect([answer.statusCode, answer.json().error.message]).toEqual([status, message])
})

test('both examples are those of the published specification, character for character', () => {
  const specification = readFileSync(new URL('../../docs/spec-0339.txt', import.meta.url), 'utf8')
  expect(specification).toContain(request)
  expect(specification).toContain(response)
})
