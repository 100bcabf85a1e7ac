import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import own from '../../src/client/documents/persisted-documents.json' with { type: 'json' }
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex')
const query = '{ viewer { clientId } }'
const apolloText = '{\n  viewer {\n    clientId\n    __typename\n  }\n}'
const relayText = 'query ViewerQuery {\n  viewer {\n    clientId\n  }\n}\n'
const [apolloId, relayId, codegenId] = [
  digest('sha256', apolloText),
  digest('md5', relayText),
  `sha256:${digest('sha256', query)}`,
]
const apollo = {
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: [
    { id: apolloId, name: 'Viewer', type: 'query', body: apolloText },
    { id: 'viewer-of-an-earlier-release', name: 'Viewer', type: 'query', body: apolloText },
  ],
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifests-'))
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0
async function fileWith(content: unknown): Promise<string> {
  const file = join(folder, `manifest-${++files}.json`)
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}
const startWith = async (...contents: unknown[]) =>
  startTestGateway({
    GRAPHQL_DOCUMENTS: 'persisted',
    GRAPHQL_MANIFESTS: (await Promise.all(contents.map(fileWith))).join(','),
  })

async function closing<Result>(gateway: TestGateway, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use()
  } finally {
    await gateway.close()
  }
}

test('the ids of three tools stand for their own texts, beside the ids of the gateway', async () => {
  const gateway = await startWith(apollo, { [relayId]: relayText }, { [codegenId]: query })
  await closing(gateway, async () => {
    const { clientId } = await gateway.connection()
    const ask = async (body: object) => {
      const answer = await gateway.app.inject({
        method: 'POST',
        url: '/graphql',
        headers: { 'content-type': 'application/json', ...bearer(gateway.issuer.mint(writer(clientId))) },
        payload: JSON.stringify(body),
      })
      return answer.json()
    }
    const byHash = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } })
    const viewer = { clientId }
    expect((await ask(byHash(apolloId))).data).toEqual({ viewer: { ...viewer, __typename: 'Viewer' } })
    expect((await ask({ documentId: 'viewer-of-an-earlier-release' })).data.viewer.clientId).toBe(clientId)
    expect((await ask({ documentId: relayId })).data).toEqual({ viewer })
    expect((await ask({ documentId: codegenId })).data).toEqual({ viewer })
    expect((await ask(byHash(codegenId.replace('sha256:', '')))).data).toEqual({ viewer })
    const [ownId] = Object.entries(own).find(([, text]) => text.startsWith('query Viewer')) ?? []
    expect((await ask({ documentId: ownId })).data.viewer.clientId).toBe(clientId)
    expect((await ask({ query })).errors[0].extensions.code).toBe('PERSISTED_DOCUMENT_REQUIRED')
    expect((await ask(byHash(digest('sha256', 'unknown')))).errors[0].message).toBe('PersistedQueryNotFound')
  })
})

test('one file may repeat the document of another', async () => {
  const gateway = await startWith(apollo, { [apolloId]: apolloText })
  await gateway.close()
})

test('a document that the gateway refuses is a warning that names it, and the others work', async () => {
  const gateway = await startWith({
    stale: '{ viewer { nickname } }',
    broken: '{',
    large: `{ ${Array.from({ length: 30 }, (_, number) => `a${number}: __typename`).join(' ')} }`,
    good: query,
  })
  await closing(gateway, async () => {
    const warned = gateway.log
      .join('')
      .split('\n')
      .filter((line) => line.includes('GRAPHQL_MANIFESTS'))
    expect(warned.map((line) => JSON.parse(line).id).sort()).toEqual(['broken', 'large', 'stale'])
    expect(warned.join()).toContain('nickname')
  })
})

test.each<[string, unknown, RegExp]>([
  ['what is no JSON', '{', /^Configuration is not valid:\n {2}- GRAPHQL_MANIFESTS: \S+\.json is not JSON$/],
  ['a list', [query], /its top level is not as expected/],
  ['text that is no object', '"text"', /its top level is not as expected/],
  ['an id without a text', { a: null }, /: a is not as expected/],
  ['an empty text', { a: '' }, /: a is not as expected/],
  ['another version of Apollo', { ...apollo, version: 2 }, /: version is not as expected/],
  ['another format', { ...apollo, format: 'other' }, /: format is not as expected/],
  ['an operation without a body', { ...apollo, operations: [{ id: 'a' }] }, /: operations\.0\.body is not as expected/],
  ['another text under an own id', { [Object.keys(own)[0] ?? '']: query }, /has another document under the id sha256:/],
])('the gateway does not start with %s', async (_case, content, message) => {
  await expect(startWith(content)).rejects.toThrow(message)
})

test('the gateway names each file that is at fault', async () => {
  const missing = join(folder, 'missing.json')
  const start = startTestGateway({ GRAPHQL_MANIFESTS: [missing, await fileWith('no'), folder].join(',') })
  await expect(start).rejects.toThrow(
    /missing\.json cannot be read \(ENOENT\)\n.*is not JSON\n.*cannot be read \(EISDIR\)$/,
  )
})
