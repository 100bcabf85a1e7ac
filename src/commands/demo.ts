import { deepStrictEqual } from 'node:assert'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { demo } from '../../prisma/seed-data.ts'
import { parseConfig } from '../config/parse.ts'
import { type Gateway, openGateway } from '../gateway.ts'
import { report } from './report.ts'

// Starts the gateway on a database of its own. Changes the specification's example through GraphQL, and back through
// REST. Prints requests, answers and audit rows. Exits 0 only if all of them are as expected.

const { clientId, clientType } = demo.msp
const changedUri = 'https://example3.com'
const query = `mutation ($input: UpdateClientConnectionInput!) {
  updateClientConnection(input: $input) { clientConnection { redirectUri } }
}`

async function auditRows(databaseUrl: string): Promise<object[]> {
  const database = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  await database.connect()
  const { rows } = await database
    .query(
      `SELECT door, caller_client_type AS type, redirect_uri_before AS before, redirect_uri_after AS after, request_id
         FROM connection_changes WHERE connection_id = $1 ORDER BY id`,
      [demo.connectionId],
    )
    .finally(() => database.end())
  return rows
}

async function show({ app, developmentIssuer, databaseUrl }: Gateway): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  const token = await developmentIssuer?.sign({ clientId, clientType, scope: 'connection:write' })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }

  async function send(method: string, path: string, body: object) {
    const url = app.publicUrl(path)
    console.log(`\n> ${method} ${url}\n> authorization: Bearer <a token of type ${clientType}>\n`)
    console.log(JSON.stringify(body, null, 2))
    const signal = AbortSignal.timeout(10_000)
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body), signal })
    const result: unknown = await answer.json()
    console.log(`\n< HTTP ${answer.status}\n\n${JSON.stringify(result, null, 2)}`)
    return { url, result, requestId: answer.headers.get('x-request-id') }
  }

  const input = { clientId, connectionId: demo.connectionId, redirectUri: changedUri }
  const there = await send('POST', '/graphql', { query, variables: { input } })
  const path = `/api/clients/${clientId}/connections/${demo.connectionId}`
  const back = await send('PATCH', path, { redirect_uri: demo.redirectUri })
  deepStrictEqual(there.result, {
    data: { updateClientConnection: { clientConnection: { redirectUri: changedUri } } },
    extensions: { requestId: there.requestId },
  })
  const consumer_id = demo.mis.clientId
  deepStrictEqual(back.result, {
    meta: { code: 200, url: back.url, type: 'object', request_id: back.requestId },
    data: { id: demo.connectionId, client_id: clientId, consumer_id, redirect_uri: demo.redirectUri },
  })

  const rows = await auditRows(databaseUrl)
  console.log('\nThe audit of the connection:\n')
  console.table(rows)
  deepStrictEqual(rows.map(Object.values), [
    ['EXTERNAL', null, demo.redirectUri, demo.redirectUri, null],
    ['GRAPHQL', clientType, demo.redirectUri, changedUri, there.requestId],
    ['REST', clientType, changedUri, demo.redirectUri, back.requestId],
  ])
  return '\nEverything is as it should be.'
}

const dataDir = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-demo-'))
// If this process is root, PostgreSQL runs as another user, who must be able to enter the folder.
await chmod(dataDir, 0o711)
await report(async () => {
  const gateway = await openGateway(parseConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent' }))
  return await show(gateway).finally(() => gateway.close())
})
await rm(dataDir, { recursive: true, force: true })
