import { randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import { type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import type { TokenRequest } from '../support/tokens.ts'
import { translationsIn, withoutTranslations } from '../support/translations.ts'

/** The world of a case: a connection of the caller's own client, and one of somebody else's. */
interface World {
  readonly own: Fixture
  readonly foreign: Fixture
}

interface Case {
  readonly name: string
  /** The caller's token; null: none is sent. A text is sent as it is. */
  readonly token?: (world: World) => TokenRequest | string | null
  readonly target?: (world: World) => { clientId: string; connectionId: string }
  readonly redirectUri?: string
  readonly outcome: Outcome
}

interface Outcome {
  readonly status: number
  readonly message?: string
  readonly code?: string
  /** `rule` of each violation, with its reason if it has one. */
  readonly violations?: readonly string[]
}

const ok: Outcome = { status: 200 }
const accessDenied: Outcome = { status: 401, code: 'UNAUTHENTICATED', message: 'Access denied' }
const invalidScopes: Outcome = { status: 403, code: 'FORBIDDEN', message: 'Invalid scopes' }
const forbidden: Outcome = { status: 403, code: 'FORBIDDEN', message: 'Forbidden' }
const notFound: Outcome = { status: 404, code: 'NOT_FOUND', message: 'Not found' }
const invalid = (...violations: string[]): Outcome => ({
  status: 422,
  code: 'UNPROCESSABLE_ENTITY',
  message: 'Validation failed',
  violations,
})

const own = ({ own }: World) => own
const foreign = ({ foreign }: World) => foreign
const misplaced = ({ own, foreign }: World) => ({ clientId: own.clientId, connectionId: foreign.connectionId })
const unknownConnection = ({ own }: World) => ({ clientId: own.clientId, connectionId: randomUUID() })
const as =
  (clientType: string, more: TokenRequest = {}) =>
  ({ own }: World) =>
    writer(own.clientId, { clientType, ...more })
const readOnly = as('MSP', { scope: 'connection:read' })
const accepted = 'https://after.example.ua/callback'

const cases: readonly Case[] = [
  // Who may.
  { name: 'an MSP changes its own connection', outcome: ok },
  { name: 'a MIS changes its own connection', token: as('MIS'), outcome: ok },
  { name: 'a PHARMACY changes its own connection', token: as('PHARMACY'), outcome: ok },
  { name: 'a MITHRIL ADMIN changes its own connection', token: as('MITHRIL ADMIN'), outcome: ok },
  { name: "a MITHRIL ADMIN changes anybody's connection", token: as('MITHRIL ADMIN'), target: foreign, outcome: ok },
  { name: "NHS changes anybody's connection", token: as('NHS'), target: foreign, outcome: ok },
  { name: 'an unlisted type changes its own connection', token: as('CABINET'), outcome: ok },
  { name: 'the scope counts wherever it stands', token: as('MSP', { scope: 'a:b connection:write c:d' }), outcome: ok },
  { name: 'a user behind the client', token: as('MSP', { userId: randomUUID() }), outcome: ok },

  // 401.
  { name: 'no token', token: () => null, outcome: accessDenied },
  { name: 'something that is no token', token: () => 'not-a-jwt', outcome: accessDenied },
  {
    name: 'a token that has expired',
    token: as('MSP', { expiresInSeconds: -3600, issuedAt: Math.floor(Date.now() / 1000) - 7200 }),
    outcome: accessDenied,
  },
  {
    name: 'a token of another issuer',
    token: as('MSP', { claims: { iss: 'https://other.example.ua/' } }),
    outcome: accessDenied,
  },
  {
    name: 'a token for another audience',
    token: as('MSP', { claims: { aud: 'somebody-else' } }),
    outcome: accessDenied,
  },
  { name: 'a token without client_id', token: as('MSP', { claims: { client_id: undefined } }), outcome: accessDenied },
  {
    name: 'a token without client_type',
    token: as('MSP', { claims: { client_type: undefined } }),
    outcome: accessDenied,
  },

  // 403 scope.
  { name: 'no scope at all', token: as('MSP', { scope: '' }), outcome: invalidScopes },
  { name: 'the scope for reading only', token: readOnly, outcome: invalidScopes },
  {
    name: 'a scope that only begins like it',
    token: as('MSP', { scope: 'connection:write2' }),
    outcome: invalidScopes,
  },
  {
    name: 'a scope that only ends like it',
    token: as('MSP', { scope: 'my:connection:write' }),
    outcome: invalidScopes,
  },
  { name: 'the scope in capitals', token: as('MSP', { scope: 'CONNECTION:WRITE' }), outcome: invalidScopes },
  {
    name: 'an admin without the scope',
    token: as('MITHRIL ADMIN', { scope: 'client:read' }),
    target: foreign,
    outcome: invalidScopes,
  },

  // 403 client.
  { name: "an MSP and somebody else's connection", target: foreign, outcome: forbidden },
  { name: "a MIS and somebody else's connection", token: as('MIS'), target: foreign, outcome: forbidden },
  { name: "a PHARMACY and somebody else's connection", token: as('PHARMACY'), target: foreign, outcome: forbidden },
  {
    name: "an unlisted type and somebody else's connection",
    token: as('CABINET'),
    target: foreign,
    outcome: forbidden,
  },
  { name: 'a type that only looks like an admin', token: as('mithril admin'), target: foreign, outcome: forbidden },
  {
    name: 'the consumer of a connection is not its client',
    token: ({ foreign }) => writer(foreign.consumerId, { clientType: 'MIS' }),
    target: foreign,
    outcome: forbidden,
  },
  {
    name: 'a client that does not exist',
    target: ({ own }) => ({ clientId: randomUUID(), connectionId: own.connectionId }),
    outcome: forbidden,
  },
  {
    name: 'a client id that is no UUID',
    target: ({ own }) => ({ clientId: 'nobody', connectionId: own.connectionId }),
    outcome: forbidden,
  },

  // 422.
  { name: 'http', redirectUri: 'http://after.example.ua/callback', outcome: invalid('format') },
  { name: 'nothing after the scheme', redirectUri: 'https://', outcome: invalid('format', 'format:host') },
  { name: 'an empty string', redirectUri: '', outcome: invalid('format') },
  { name: 'a relative reference', redirectUri: '/callback', outcome: invalid('format') },
  { name: 'javascript:', redirectUri: 'javascript:alert(1)', outcome: invalid('format') },
  { name: '256 characters', redirectUri: `https://after.example.ua/${'a'.repeat(231)}`, outcome: invalid('length') },
  { name: 'a fragment', redirectUri: 'https://after.example.ua/#top', outcome: invalid('format:fragment') },
  { name: 'user info', redirectUri: 'https://user:pass@after.example.ua/', outcome: invalid('format:user_info') },
  { name: 'localhost', redirectUri: 'https://localhost/callback', outcome: invalid('format:host', 'format:host') },
  { name: 'port 0', redirectUri: 'https://after.example.ua:0/', outcome: invalid('format:port') },
  { name: 'a dot segment', redirectUri: 'https://after.example.ua/a/../b', outcome: invalid('format:dot_segment') },
  { name: 'a white space', redirectUri: 'https://after.example.ua/a b', outcome: invalid('format:character') },
  {
    name: 'a broken percent encoding',
    redirectUri: 'https://after.example.ua/%zz',
    outcome: invalid('format:percent_encoding'),
  },
  { name: 'NUL', redirectUri: 'https://after.example.ua/\u0000', outcome: invalid('format:character') },
  { name: 'a lone surrogate', redirectUri: 'https://after.example.ua/\ud800', outcome: invalid('format:character') },
  {
    name: 'three violations at once',
    redirectUri: 'https://user@after.example.ua:0/#',
    outcome: invalid('format:fragment', 'format:user_info', 'format:port'),
  },

  // 404.
  { name: 'a connection that does not exist', target: unknownConnection, outcome: notFound },
  { name: "another client's connection under the own path", target: misplaced, outcome: notFound },
  {
    name: 'an admin and a connection under the wrong client',
    token: as('MITHRIL ADMIN'),
    target: misplaced,
    outcome: notFound,
  },
  {
    name: 'a connection id that is no UUID',
    target: ({ own }) => ({ clientId: own.clientId, connectionId: '42' }),
    outcome: notFound,
  },
  {
    name: 'an admin and a client that does not exist',
    token: as('NHS'),
    target: ({ own }) => ({ clientId: randomUUID(), connectionId: own.connectionId }),
    outcome: notFound,
  },
  {
    name: 'an admin and a client id that is no UUID',
    token: as('NHS'),
    target: ({ own }) => ({ clientId: "' OR 1=1 --", connectionId: own.connectionId }),
    outcome: notFound,
  },

  // Wrong in two and three ways at once: the order is contract.
  {
    name: 'no token, foreign client, invalid value',
    token: () => null,
    target: foreign,
    redirectUri: 'x',
    outcome: accessDenied,
  },
  { name: 'no scope, foreign client', token: readOnly, target: foreign, outcome: invalidScopes },
  { name: 'no scope, invalid value', token: readOnly, redirectUri: 'x', outcome: invalidScopes },
  {
    name: 'no scope, foreign client, invalid value',
    token: readOnly,
    target: foreign,
    redirectUri: 'x',
    outcome: invalidScopes,
  },
  { name: 'no scope, unknown connection', token: readOnly, target: unknownConnection, outcome: invalidScopes },
  { name: 'foreign client, invalid value', target: foreign, redirectUri: 'x', outcome: forbidden },
  {
    name: 'foreign client, unknown connection',
    target: ({ foreign }) => ({ ...foreign, connectionId: randomUUID() }),
    outcome: forbidden,
  },
  {
    name: 'foreign client, unknown connection, invalid value',
    target: ({ foreign }) => ({ ...foreign, connectionId: '42' }),
    redirectUri: '',
    outcome: forbidden,
  },
  {
    name: 'invalid value, unknown connection',
    target: unknownConnection,
    redirectUri: 'http://x',
    outcome: invalid('format', 'format:host'),
  },
  {
    name: 'invalid value, connection id that is no UUID',
    target: ({ own }) => ({ ...own, connectionId: '42' }),
    redirectUri: 'https://a.ua/#',
    outcome: invalid('format:fragment'),
  },

  // What is stored is what was sent.
  { name: 'an internationalized host', redirectUri: 'https://клініка.укр/callback', outcome: ok },
  { name: 'capitals in the host are kept', redirectUri: 'https://MIS.Example.ua/Callback?X=%2F', outcome: ok },
  { name: '255 characters', redirectUri: `https://after.example.ua/${'a'.repeat(230)}`, outcome: ok },
  { name: 'a port and a query', redirectUri: 'https://mis.example.ua:8443/openemr/auth.php?site=default', outcome: ok },
]

type Violations = readonly { rule: string; params: { reason?: string } }[]
const wordsOf = (violations: Violations) =>
  violations.map(({ rule, params }) => (params.reason ? `${rule}:${params.reason}` : rule))

interface Observed {
  readonly outcome: Outcome
  readonly connection: { id: string; clientId: string; consumerId: string; redirectUri: string } | null
  readonly answer: LightMyRequestResponse
}

type Update = (
  gateway: TestGateway,
  target: { clientId: string; connectionId: string },
  redirectUri: string,
  token: string | null,
  headers: Record<string, string>,
) => Promise<Observed>

const update: Record<'GRAPHQL' | 'REST', Update> = {
  async GRAPHQL(gateway, target, redirectUri, token, headers) {
    const { clientId, connectionId } = target
    const answer = await gateway.graphql(
      UpdateClientConnectionDocument,
      { input: { clientId, connectionId, redirectUri } },
      token,
      { headers },
    )
    const { data, errors, extensions } = answer.json()
    expect(extensions).toEqual({ requestId: headers['x-request-id'] })
    if (!errors) {
      const { id, consumerId, ...rest } = data.updateClientConnection.clientConnection
      return {
        outcome: { status: 200 },
        connection: { id, clientId: rest.clientId, consumerId, redirectUri: rest.redirectUri },
        answer,
      }
    }
    expect(errors).toHaveLength(1)
    const [{ message, extensions: of }] = errors
    expect(answer.statusCode).toBe(of.status === 401 ? 401 : 200)
    const violations = of.exception?.inputErrors?.map(
      ({ options, path }: { options: Violations[number]; path: string[] }) => {
        expect(path).toEqual(['redirectUri'])
        return options
      },
    )
    return {
      outcome: { status: of.status, code: of.code, message, ...(violations && { violations: wordsOf(violations) }) },
      connection: null,
      answer,
    }
  },

  async REST(gateway, target, redirectUri, token, headers) {
    const path = `/api/clients/${encodeURIComponent(target.clientId)}/connections/${encodeURIComponent(target.connectionId)}`
    const answer = await gateway.patch(path, { redirect_uri: redirectUri }, token, { headers })
    const { meta, data, error } = answer.json()
    expect(meta).toEqual({
      code: answer.statusCode,
      url: `https://gateway.example.ua${path}`,
      type: 'object',
      request_id: headers['x-request-id'],
    })
    if (!error)
      return {
        outcome: { status: answer.statusCode },
        connection: {
          id: data.id,
          clientId: data.client_id,
          consumerId: data.consumer_id,
          redirectUri: data.redirect_uri,
        },
        answer,
      }
    const codes: Record<string, string> = {
      access_denied: 'UNAUTHENTICATED',
      forbidden: 'FORBIDDEN',
      validation_failed: 'UNPROCESSABLE_ENTITY',
      not_found: 'NOT_FOUND',
    }
    const violations = error.invalid?.flatMap(({ entry, rules }: { entry: string; rules: Violations }) => {
      expect(entry).toBe('$.redirect_uri')
      return rules
    })
    return {
      outcome: {
        status: answer.statusCode,
        code: codes[error.type] ?? error.type,
        message: error.message,
        ...(violations && { violations: wordsOf(violations) }),
      },
      connection: null,
      answer,
    }
  },
}

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

const runs = (['GRAPHQL', 'REST'] as const).flatMap((door) => [
  { door, language: null },
  { door, language: 'uk' },
])

describe.each(runs)('through $door, Accept-Language: $language', ({ door, language }) => {
  test.each(cases)(
    '$name → $outcome.status',
    async ({ token = as('MSP'), target = own, redirectUri = accepted, outcome }) => {
      const world: World = { own: await gateway.connection(), foreign: await gateway.connection() }
      const request = token(world)
      const sent = typeof request === 'string' || request === null ? request : gateway.issuer.mint(request)
      const requestId = randomUUID()

      const headers = { 'x-request-id': requestId, ...(language !== null && { 'accept-language': language }) }
      const ids = target(world)
      const send = (more: Record<string, string>) => update[door](gateway, ids, redirectUri, sent, more)

      const observed = await send(headers)

      expect(observed.outcome).toEqual(outcome)
      if (outcome.status !== 200 && language !== null) {
        const { answer: plain } = await send({ 'x-request-id': requestId })
        expect(withoutTranslations(observed.answer.body)).toBe(plain.body)
        expect(translationsIn(observed.answer.body)).toHaveLength(1 + (outcome.violations?.length ?? 0))
        expect(observed.answer.headers).toMatchObject({ vary: 'Accept-Language' })
        expect(plain.headers).not.toHaveProperty('vary')
      }
      const changed =
        outcome.status === 200
          ? [world.own, world.foreign].find(({ connectionId }) => connectionId === ids.connectionId)
          : undefined
      for (const fixture of [world.own, world.foreign]) {
        const audit = await gateway.auditOf(fixture.connectionId)
        const row = await gateway.redirectUriOf(fixture.connectionId)
        if (fixture !== changed) {
          expect({ row, audit }).toEqual({ row: 'https://before.example.ua/callback', audit: [] })
          continue
        }
        const { clientId, consumerId, connectionId: id } = fixture
        const caller = request as TokenRequest
        expect(observed.connection).toEqual({ id, clientId, consumerId, redirectUri })
        expect(row).toBe(redirectUri)
        expect(audit).toEqual([
          {
            kind: 'UPDATED',
            before: 'https://before.example.ua/callback',
            after: redirectUri,
            door,
            callerClientId: caller.clientId,
            callerClientType: caller.clientType,
            callerUserId: caller.userId ?? null,
            requestId,
          },
        ])
      }
    },
  )
})
