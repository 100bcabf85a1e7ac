import { deepStrictEqual } from 'node:assert'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { demo } from '../../prisma/seed-data.ts'
import { parseConfig } from '../config/parse.ts'
import { update } from '../development/examples.ts'
import { type Gateway, openGateway } from '../gateway.ts'

// Starts the gateway on a database of its own. Changes the specification's example through GraphQL and back through
// REST. Prints the requests, the answers and the audit rows. Exits 0 only if all of them are as expected.

interface Exchange {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

async function exchange(url: string, token: string, { method, path, body }: Exchange) {
  console.log(
    `\n> ${method} ${path}\n> content-type: application/json\n` +
      `> authorization: Bearer <a token of type ${demo.msp.clientType}>\n`,
  )
  console.log(JSON.stringify(body, null, 2))
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const answer = await fetch(url + path, {
    method,
    headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  const result: unknown = await answer.json()
  console.log(`\n< HTTP ${answer.status}\n< x-request-id: ${answer.headers.get('x-request-id')}\n`)
  console.log(JSON.stringify(result, null, 2))
  return { status: answer.status, requestId: answer.headers.get('x-request-id'), result }
}

/** The members of an answer that the demo checks, by their paths. */
function pick(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
    value,
  )
}

async function auditRows(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT door, caller_client_type AS type, redirect_uri_before AS before, redirect_uri_after AS after, request_id
         FROM connection_changes WHERE connection_id = $1 ORDER BY id`,
      [demo.connectionId],
    )
    return rows
  } finally {
    await client.end()
  }
}

async function show(gateway: Gateway): Promise<void> {
  await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  const url = gateway.app.publicUrl()
  const token = await gateway.developmentIssuer?.sign({ ...demo.msp, scope: 'connection:write' })
  if (token === undefined) throw new Error('the demo needs the development issuer')
  console.log(`The gateway listens on ${url}`)

  const there = await exchange(url, token, {
    method: 'POST',
    path: '/graphql',
    body: { query: update.document, variables: update.variables },
  })
  const back = await exchange(url, token, {
    method: 'PATCH',
    path: `/api/clients/${demo.msp.clientId}/connections/${demo.connectionId}`,
    body: { redirect_uri: demo.redirectUri },
  })
  const rows = await auditRows(gateway.databaseUrl)
  console.log('\nThe audit of the connection:\n')
  console.table(rows)

  const changed = update.variables.input.redirectUri
  deepStrictEqual(
    [there.status, pick(there.result, 'data', 'updateClientConnection', 'clientConnection', 'redirectUri')],
    [200, changed],
  )
  deepStrictEqual(
    [back.status, pick(back.result, 'data')],
    [
      200,
      {
        id: demo.connectionId,
        client_id: demo.msp.clientId,
        consumer_id: demo.mis.clientId,
        redirect_uri: demo.redirectUri,
      },
    ],
  )
  const type = demo.msp.clientType
  deepStrictEqual(
    rows.map((row) => ({ ...row })),
    [
      { door: 'GRAPHQL', type, before: demo.redirectUri, after: changed, request_id: there.requestId },
      { door: 'REST', type, before: changed, after: demo.redirectUri, request_id: back.requestId },
    ],
  )
}

const dataDir = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-demo-'))
// If this process is root, PostgreSQL runs as another user, who must be able to enter the folder.
await chmod(dataDir, 0o711)
try {
  const gateway = await openGateway(parseConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent' }))
  try {
    await show(gateway)
  } finally {
    await gateway.close()
  }
  console.log('\nEverything is as it should be.')
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  await rm(dataDir, { recursive: true, force: true })
}
