import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

// Real GraphQL clients, each through the five minutes of an admin UI: by texts, and by the ids of its own manifest.

/** Exact versions, so that a new release of a client is no failure of the gateway. They are no dependencies of it. */
const packages = [
  '@apollo/client@4.3.8',
  '@apollo/generate-persisted-query-manifest@1.4.0',
  '@apollo/persisted-query-lists@1.1.0',
  '@urql/core@6.0.3',
  '@urql/exchange-persisted@5.0.1',
  'graphql-request@7.4.0',
  'relay-compiler@21.0.1',
  'relay-runtime@21.0.1',
  'graphql@16.15.0',
  'rxjs@7.8.2',
]

const read = (name: string) =>
  `query ${name}($clientId: ID!, $connectionId: ID!) {
    clientConnection(clientId: $clientId, connectionId: $connectionId) { id redirectUri version }
  }`
const update = (name: string) =>
  `mutation ${name}($input: UpdateClientConnectionInput!) {
    updateClientConnection(input: $input) { clientConnection { id redirectUri version } }
  }`

const clients = ['apollo-client', 'urql', 'graphql-request', 'relay']
const root = join(import.meta.dirname, '../..')

let folder: string
const gateways: TestGateway[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graphql-clients-'))
  await cp(join(import.meta.dirname, 'graphql-clients'), folder, { recursive: true })
  await cp(join(root, 'src/client/documents/persisted-documents.json'), join(folder, 'persisted-documents.json'))
  await cp(join(root, 'src/graphql/schema.graphql'), join(folder, 'schema.graphql'))
  for (const directory of ['documents', 'source']) await mkdir(join(folder, directory))
  const files = {
    'package.json': JSON.stringify({ private: true, type: 'module' }),
    'documents/ReadConnection.graphql': read('ReadConnection'),
    'documents/UpdateConnection.graphql': update('UpdateConnection'),
    'persisted-query-manifest.config.json': JSON.stringify({
      documents: ['documents/*.graphql'],
      output: 'apollo.json',
    }),
    'source/Relay.js': `import { graphql } from 'relay-runtime'
      export const documents = [graphql\`${read('RelayReadQuery')}\`, graphql\`${update('RelayUpdateMutation')}\`]`,
    'relay.json': '{}',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  await run({}, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', ...packages)
}, 900_000)
afterAll(async () => {
  for (const gateway of gateways) await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a program in the folder. Its output, or an error with all that it said. */
async function run(environment: Record<string, string>, program: string, ...args: string[]): Promise<string> {
  try {
    const options = { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...environment } }
    return (await promisify(execFile)(program, args, options)).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string } // execFile's error has both
    throw new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`)
  }
}

const tool = (name: string, ...args: string[]) => run({}, join(folder, 'node_modules/.bin', name), ...args)

/** Compiles Relay's documents: into texts, or into the ids of `relay.json`. */
async function compileRelay(persisted: boolean): Promise<void> {
  const config = {
    src: './source',
    schema: './schema.graphql',
    language: 'javascript',
    eagerEsModules: true,
    ...(persisted && { persistConfig: { file: './relay.json', algorithm: 'MD5' } }),
  }
  await writeFile(join(folder, 'relay.config.json'), JSON.stringify(config))
  await tool('relay-compiler', 'relay.config.json')
}

async function start(environment: Record<string, string>): Promise<{ gateway: TestGateway; url: string }> {
  const gateway = await startTestGateway({ NODE_ENV: 'production', ...environment })
  gateways.push(gateway)
  return { gateway, url: await gateway.listen() }
}

describe.each([
  ['the texts of its documents', false],
  ['the ids of its documents, where the gateway executes no other', true],
])('with %s', (_name, persisted) => {
  let gateway: TestGateway
  let url: string
  beforeAll(async () => {
    await compileRelay(persisted)
    if (persisted) {
      await tool('generate-persisted-query-manifest')
      await run({}, process.execPath, 'urql-manifest.mjs')
    }
    const manifests = ['apollo.json', 'relay.json', 'urql.json'].map((name) => join(folder, name)).join(',')
    const settings = persisted ? { GRAPHQL_DOCUMENTS: 'persisted', GRAPHQL_MANIFESTS: manifests } : {}
    ;({ gateway, url } = await start(settings))
  })

  test.each(clients)('%s works through the five minutes of an admin UI', { timeout: 300_000 }, async (client) => {
    const { clientId, connectionId } = await gateway.connection()
    const output = await run(
      {
        GATEWAY: url,
        TOKEN: gateway.issuer.mint(writer(clientId)),
        CLIENT_ID: clientId,
        CONNECTION_ID: connectionId,
        ...(persisted && { PERSISTED: 'true' }),
      },
      process.execPath,
      `${client}.mjs`,
    )
    expect(JSON.parse(output)).toEqual({
      reads: 'https://before.example.ua/callback',
      changes: 'https://changed.example.ua/',
      readsTheChange: 'https://changed.example.ua/',
      showsAViolation: ['UNPROCESSABLE_ENTITY', 'redirectUri'],
      showsAConflict: ['CONFLICT', 'https://changed.example.ua/'],
      readsNoUnknownConnection: [null, []],
      seesThatTheSessionEnded: 'UNAUTHENTICATED',
    })
    expect((await gateway.auditOf(connectionId)).map(({ after }) => after)).toEqual(['https://changed.example.ua/'])
  })
})
