import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGatewayProcess, type GatewayProcess } from '../faults/gateway-process.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { patient } from '../support/patient.ts'
import { recordHidden, recordLog, recordRedirectUris } from '../support/recordings.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'
import { type ClientResult, committedRows, settledCells, writeResults } from './compatibility.ts'
import { startConversation } from './conversation.ts'
import { type ClientProgram, clientPrograms, isMissing } from './programs.ts'
import { startRecordingProxy } from './recording-proxy.ts'
import { type Outcome, type Progress, redirectUris, type Seen, type Step, steps } from './steps.ts'

// Real HTTP clients go through the five minutes of a medical information system, with the gateway as it runs in
// production.

let directory: string
let database: TestDatabase
let issuer: TestIssuer
let gateway: GatewayProcess
const results: ClientResult[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-clients-'))
  database = await createTestDatabase()
  issuer = await startTestIssuer()
  gateway = createGatewayProcess({
    logFile: join(directory, 'gateway.log'),
    environment: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: database.url,
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      ...patient,
    },
  })
  await gateway.start()
  recordRedirectUris(...Object.values(redirectUris))
})
afterAll(async () => {
  try {
    await gateway?.end('SIGTERM')
    recordLog((await gateway?.log()) ?? '')
    expect(gateway?.complaints()).toEqual([])
  } finally {
    await issuer?.close()
    await database?.drop()
    await rm(directory, { recursive: true, force: true })
  }
})

async function prepare(): Promise<Progress> {
  const clientId = await database.insertClient({ type: 'MSP' })
  const consumerId = await database.insertClient({ type: 'MIS' })
  const apiKey = await database.insertApiKey(consumerId)
  await database.insertConnection({ clientId, consumerId, redirectUri: redirectUris.before })
  const scope = 'connection:read connection:write connection:refresh_secret connection:delete'
  const token = issuer.mint({ clientId, scope })
  recordHidden(token, apiKey)
  return {
    token,
    apiKey,
    clientId,
    consumerId,
    foreignClientId: await database.insertClient({ type: 'MSP' }),
    connectionId: '',
    tags: [],
  }
}

interface Body {
  readonly data?:
    | { readonly id?: string; readonly redirect_uri?: string; readonly secret?: string }
    | readonly { readonly id: string; readonly redirect_uri: string }[]
  readonly error?: { readonly type?: string }
}

/** What of an answer is looked at, and what the program keeps of it for its next requests. */
function outcomeOf(seen: Seen, progress: Progress): Outcome | { readonly failed: string } {
  if (seen.status === undefined) return { failed: seen.error ?? 'without a reason' }
  const { data, error } = Object(seen.body) as Body // what is missing is not there
  const first = Array.isArray(data) ? data[0] : data
  if (Array.isArray(data)) progress.connectionId = data[0]?.id ?? ''
  recordHidden(first?.secret)
  const tag = seen.etag ?? ''
  if (tag !== '' && !progress.tags.includes(tag)) progress.tags.push(tag)
  return {
    status: seen.status,
    ...(tag !== '' && { tag: progress.tags.indexOf(tag) + 1 }),
    ...(first?.redirect_uri !== undefined && { redirectUri: first.redirect_uri }),
    ...(error?.type !== undefined && { error: error.type }),
  }
}

/** Runs the steps with one client, and holds what it saw and what the history has against the table. */
async function runSteps(program: ClientProgram): Promise<ClientResult> {
  const progress = await prepare()
  const marker = new URL(redirectUris.lost).pathname
  const conversation = await startConversation(program)
  const proxy = await startRecordingProxy(gateway.origin, marker)
  const { exceptions = {} } = program
  const outcomes: Record<string, unknown> = {}
  const expected: Record<string, unknown> = {}
  const done: Step[] = []
  try {
    for (const step of steps.filter(({ afterChange }) => !(afterChange && 'change' in exceptions))) {
      const outcome = outcomeOf(await conversation.send(proxy.origin, step.request(progress)), progress)
      outcomes[step.name] = outcome
      const exception = exceptions[step.name]
      const right = exception === undefined ? step.expected : (exception.outcome ?? { failed: expect.any(String) })
      const isRight = isDeepStrictEqual(outcome, right) || ('failed' in outcome && step.mayFail)
      expected[step.name] = isRight ? outcome : right
      if (exception === undefined) done.push(step)
    }
    expect(outcomes).toEqual(expected)
  } finally {
    await conversation.end()
    await proxy.close()
  }
  const history = await database.query<{ kind: string }>(
    'SELECT kind FROM connection_changes WHERE client_id = $1 ORDER BY id',
    [progress.clientId],
  )
  expect(history.map(({ kind }) => kind)).toEqual(done.flatMap(({ writes }) => writes ?? []))
  return {
    name: program.name,
    version: conversation.version,
    changes: proxy.count(marker),
    requests: proxy.requests,
  }
}

describe('the five minutes of a medical information system', () => {
  test.for(clientPrograms)(
    '$name goes through its five minutes as expected',
    { timeout: 1_200_000 },
    async (program, { skip }) => {
      if (process.env['CI'] !== 'true' && isMissing(program, directory)) skip(`${program.name} is not installed`)
      results.push(await runSteps(program))
    },
  )

  test('docs/compatibility.md has the results of this run', async () => {
    await writeResults(results)
    const rows = await committedRows()
    expect(rows.map((row) => /^\| \[(.+?)\]\(/.exec(row)?.[1])).toEqual(clientPrograms.map(({ name }) => name))
    for (const program of clientPrograms) {
      const result = results.find(({ name }) => name === program.name)
      if (result === undefined) continue
      const cells = expect.stringContaining(settledCells(program))
      expect(rows, 'run: npx node test/clients/write-table.ts').toContainEqual(cells)
    }
  })
})
