import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

/** Exact versions, so that a new release of a tool is no failure of the gateway. They are no dependencies of it. */
const packages = [
  '@redocly/cli@2.77.0',
  '@stoplight/spectral-cli@6.16.3',
  'openapi-typescript@7.13.0',
  'openapi-fetch@0.17.0',
  '@hey-api/openapi-ts@0.99.0',
  'orval@8.38.0',
  'typescript@5.9.3',
]

/** A program with the three generated clients. Each changes the redirect URI, and is then refused. */
const program = `
import createClient from 'openapi-fetch'
import { updateClientConnection as byHeyApi } from './hey-api'
import { client } from './hey-api/client.gen'
import type { paths } from './openapi-typescript'
import { updateClientConnection as byOrval } from './orval'

declare const process: { env: Record<string, string> }
const { GATEWAY: baseUrl = '', TOKEN = '', CLIENT_ID: id = '', CONNECTION_ID: connection_id = '' } = process.env
const headers = { authorization: 'Bearer ' + TOKEN }
const bad = { redirect_uri: 'http://plain.example.ua/' }
const good = (name: string) => ({ redirect_uri: 'https://' + name + '.example.ua/' })

async function openapiTypescript() {
  const { PATCH } = createClient<paths>({ baseUrl, headers })
  const params = { path: { id, connection_id } }
  const url = '/api/clients/{id}/connections/{connection_id}' as const
  const done = await PATCH(url, { params, body: good('openapi-typescript') })
  const refused = await PATCH(url, { params, body: bad })
  return {
    name: 'openapi-typescript', status: done.response.status, redirectUri: done.data?.data.redirect_uri,
    refused: refused.response.status, entry: refused.error?.error.invalid?.[0]?.entry,
  }
}

async function heyApi() {
  client.setConfig({ baseUrl, headers })
  const path = { id, connection_id }
  const done = await byHeyApi({ path, body: good('hey-api') })
  const refused = await byHeyApi({ path, body: bad })
  return {
    name: 'hey-api', status: done.response?.status, redirectUri: done.data?.data.redirect_uri,
    refused: refused.response?.status, entry: refused.error?.error.invalid?.[0]?.entry,
  }
}

async function orval() {
  const done = await byOrval(id, connection_id, good('orval'), { headers })
  const refused = await byOrval(id, connection_id, bad, { headers })
  if (done.status !== 200 || refused.status !== 422) throw new Error(done.status + ' ' + refused.status)
  return {
    name: 'orval', status: done.status, redirectUri: done.data.data.redirect_uri,
    refused: refused.status, entry: refused.data.error.invalid?.[0]?.entry,
  }
}

void (async () => console.log(JSON.stringify([await openapiTypescript(), await heyApi(), await orval()])))()
`

let gateway: TestGateway
let folder: string
let url: string
beforeAll(async () => {
  gateway = await startTestGateway()
  url = await gateway.listen()
  folder = await mkdtemp(join(tmpdir(), 'openapi-tools-'))
  const document = (await gateway.app.inject('/api/openapi.json')).body
  await writeFile(join(folder, 'openapi.json'), document)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }))
  await writeFile(join(folder, '.spectral.json'), JSON.stringify({ extends: ['spectral:oas'] }))
  const orval = {
    gateway: { input: './openapi.json', output: { target: './orval.ts', client: 'fetch', baseUrl: url } },
  }
  await writeFile(join(folder, 'orval.config.mjs'), `export default ${JSON.stringify(orval)}`)
  await writeFile(join(folder, 'main.ts'), program)
  await run('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', ...packages)
}, 900_000)
afterAll(async () => {
  await gateway?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a program in the folder and answers its output. An exit code other than 0 is an error with that output. */
async function runWith(environment: Record<string, string>, program: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: '1', REDOCLY_TELEMETRY: 'off', ...environment }
  try {
    return (await promisify(execFile)(program, args, { cwd: folder, env })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string } // execFile's error has both
    throw new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`)
  }
}

const run = (program: string, ...args: string[]) => runWith({}, program, ...args)

const tool = (name: string, ...args: string[]) => run(join(folder, 'node_modules/.bin', name), ...args)

test("the document passes Redocly's recommended rules without a warning", async () => {
  const output = await tool('redocly', 'lint', '--extends=recommended', '--format=json', 'openapi.json')
  const { totals } = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1))
  expect(totals).toMatchObject({ errors: 0, warnings: 0 })
}, 300_000)

test("the document passes Spectral's recommended rules without a warning", async () => {
  const output = await tool('spectral', 'lint', 'openapi.json', '--ruleset=.spectral.json', '--fail-severity=hint')
  expect(output).toContain('No results')
}, 300_000)

test('the clients of openapi-typescript, hey-api and orval compile, and each changes a connection', async () => {
  await tool('openapi-typescript', 'openapi.json', '--output', 'openapi-typescript.ts')
  await tool('openapi-ts', '--input', 'openapi.json', '--output', 'hey-api', '--client', '@hey-api/client-fetch')
  await tool('orval', '--config', 'orval.config.mjs')
  await tool(
    'tsc',
    ...['--strict', '--skipLibCheck', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable'],
    ...['--module', 'commonjs', '--moduleResolution', 'node10', '--esModuleInterop', '--outDir', 'out', 'main.ts'],
  )
  const fixture = await gateway.connection()
  const answers = JSON.parse(await runWith(callerOf(fixture), process.execPath, 'out/main.js'))
  expect(answers).toEqual(
    ['openapi-typescript', 'hey-api', 'orval'].map((name) => ({
      name,
      status: 200,
      redirectUri: `https://${name}.example.ua/`,
      refused: 422,
      entry: '$.redirect_uri',
    })),
  )
  expect(await gateway.auditOf(fixture.connectionId)).toHaveLength(3)
}, 600_000)

const callerOf = ({ clientId, connectionId }: Fixture) => ({
  GATEWAY: url,
  TOKEN: gateway.issuer.mint(writer(clientId)),
  CLIENT_ID: clientId,
  CONNECTION_ID: connectionId,
})
