import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed } from '../../prisma/seed.ts'
import { demo } from '../../prisma/seed-data.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { people } from '../../src/development/sign-in/people.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { bearer, startTestGateway } from '../support/gateway.ts'
import { recordedLog, recordHidden } from '../support/recordings.ts'
import {
  authorizationOf,
  createBrowser,
  everyScope,
  exchange,
  locationOf,
  newVerifier,
  signInAs,
} from '../support/sign-in.ts'

// The development issuer's sign-in, as the console uses it: authorization code and PKCE over HTTP.

let database: TestDatabase
let dataDir: string
let gateway: Gateway
let origin: string
const log: string[] = []

const open = async (more: Record<string, string> = {}) => {
  const config = parseConfig({ DATABASE_URL: database.url, DATA_DIR: dataDir, PORT: '0', ...more })
  const opened = await openGateway(config, recordedLog(log))
  await opened.listen()
  return opened
}
const originOf = ({ app }: Gateway) => `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` // TCP, so it is no path

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database.url)
  dataDir = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-sign-in-'))
  gateway = await open()
  origin = originOf(gateway)
}, 120_000)
afterAll(async () => {
  await gateway?.close()
  await database?.drop()
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true })
})

interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly expires_in: number
  readonly scope: string
}

async function tokensOf(person: string, more: Record<string, string> = {}, at = origin): Promise<Tokens> {
  const { verifier, challenge } = newVerifier()
  const callback = await signInAs(createBrowser(at), person, authorizationOf(at, challenge, more))
  const answer = await exchange(at, callback.searchParams.get('code') ?? '', verifier)
  expect(answer.status).toBe(200)
  const tokens: Tokens = await answer.json()
  recordHidden(tokens.access_token)
  return tokens
}

const ask = (query: string, token: string) =>
  gateway.app
    .inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', ...bearer(token) },
      payload: { query },
    })
    .then((answer) => answer.json())

describe('a person who signs in', () => {
  test.each(people)('$id acts for the own client, with the own scopes', async ({ id, userId, ...person }) => {
    const { access_token, id_token } = await tokensOf(id)
    const { data } = await ask('{ viewer { clientId clientType userId scopes } }', access_token)
    expect(data.viewer).toEqual({
      clientId: person.clientId,
      clientType: person.clientType,
      userId,
      scopes: expect.toSatisfy((scopes: string[]) => scopes.toSorted().join() === person.scopes.toSorted().join()),
    })
    expect(decodeJwt(id_token)).toMatchObject({
      iss: `${origin}/oidc`,
      aud: 'mithril-console',
      sub: userId,
      nonce: 'nonce-of-the-test',
    })
  })

  test('is known to the registry, with a client of the right type', async () => {
    for (const { userId, clientId, clientType } of people)
      expect(
        await database.query(
          `SELECT client_types.name, clients.is_blocked, (SELECT true FROM users WHERE id = $2) AS has_user
             FROM clients JOIN client_types ON client_types.id = client_type_id WHERE clients.id = $1`,
          [clientId, userId],
        ),
      ).toEqual([{ name: clientType, is_blocked: false, has_user: true }])
  })

  test('gets no more scopes than the console asks for', async () => {
    const { access_token } = await tokensOf('admin', { scope: 'openid connection:read' })
    expect(decodeJwt(access_token)['scope']).toBe('connection:read')
  })

  test('comes back with the state and the issuer (RFC 9207)', async () => {
    const { challenge } = newVerifier()
    const callback = await signInAs(createBrowser(origin), 'clinic', authorizationOf(origin, challenge))
    expect(callback.origin + callback.pathname).toBe(`${origin}/console/callback`)
    expect(Object.fromEntries(callback.searchParams)).toEqual({
      code: expect.any(String),
      state: 'state-of-the-test',
      iss: `${origin}/oidc`,
    })
  })

  test('changes a redirect URI with the token', async () => {
    const { access_token } = await tokensOf('nhs-oksana')
    const { data, errors } = await ask(
      `mutation { updateClientConnection(input: { clientId: "${demo.msp.clientId}", connectionId: "${demo.connectionId}",
        redirectUri: "https://signed-in.example.ua/callback" }) { clientConnection { redirectUri } } }`,
      access_token,
    )
    expect([errors, data?.updateClientConnection.clientConnection]).toEqual([
      undefined,
      { redirectUri: 'https://signed-in.example.ua/callback' },
    ])
  })
})

describe('the session', () => {
  test('answers prompt=none at once after a sign-in, and login_required before', async () => {
    const browser = createBrowser(origin)
    const silent = () => authorizationOf(origin, newVerifier().challenge, { prompt: 'none' })
    const before = new URL(locationOf(await browser.load(silent())))
    expect([before.pathname, before.searchParams.get('error')]).toEqual(['/console/callback', 'login_required'])

    await signInAs(browser, 'mis', authorizationOf(origin, newVerifier().challenge))
    const { verifier, challenge } = newVerifier()
    const after = new URL(locationOf(await browser.load(authorizationOf(origin, challenge, { prompt: 'none' }))))
    const answer = await exchange(origin, after.searchParams.get('code') ?? '', verifier)
    const { access_token }: Tokens = await answer.json()
    recordHidden(access_token)
    expect(decodeJwt(access_token)['client_id']).toBe(demo.mis.clientId)
  })

  test('ends at end_session after a click, and the browser comes back to the console', async () => {
    const browser = createBrowser(origin)
    await signInAs(browser, 'clinic', authorizationOf(origin, newVerifier().challenge))
    const back = encodeURIComponent(`${origin}/console/signed-out`)
    const end = `/oidc/session/end?client_id=mithril-console&post_logout_redirect_uri=${back}&ui_locales=uk`
    const page = await (await browser.load(end)).text()
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? []
    expect(page).toContain('Вийти з консолі?')
    const [, action = ''] = /action="([^"]+)"/.exec(page) ?? []
    const ended = await browser.load(action, { method: 'POST', body: new URLSearchParams({ xsrf, logout: 'yes' }) })
    expect([ended.status, locationOf(ended)]).toEqual([303, `${origin}/console/signed-out`])
    const silent = await browser.load(authorizationOf(origin, newVerifier().challenge, { prompt: 'none' }))
    expect(new URL(locationOf(silent)).searchParams.get('error')).toBe('login_required')
    // A second time there is nothing to ask.
    const again = await browser.load(end)
    expect([again.status, locationOf(again)]).toEqual([302, `${origin}/console/signed-out`])
  })

  test('does not come back to another address than the console', async () => {
    const browser = createBrowser(origin)
    await signInAs(browser, 'clinic', authorizationOf(origin, newVerifier().challenge))
    const back = encodeURIComponent('https://evil.example/')
    const answer = await browser.load(`/oidc/session/end?client_id=mithril-console&post_logout_redirect_uri=${back}`)
    expect([answer.status, locationOf(answer)]).toEqual([400, ''])
  })

  test('is forgotten by a restart, and a token of before stays valid', { timeout: 120_000 }, async () => {
    const first = await open()
    const port = String((first.app.server.address() as AddressInfo).port) // TCP, so it is no path
    const at = originOf(first)
    const browser = createBrowser(at)
    await signInAs(browser, 'clinic', authorizationOf(at, newVerifier().challenge))
    const { access_token } = await tokensOf('clinic', {}, at)
    await first.close()
    const second = await open({ PORT: port })
    try {
      const silent = await browser.load(authorizationOf(at, newVerifier().challenge, { prompt: 'none' }))
      expect(new URL(locationOf(silent)).searchParams.get('error')).toBe('login_required')
      expect((await ask('{ viewer { clientId } }', access_token)).data.viewer.clientId).toBe(demo.msp.clientId)
    } finally {
      await second.close()
    }
  })

  test('of one port is not that of another, although cookies do not tell ports apart', {
    timeout: 120_000,
  }, async () => {
    const other = await open()
    try {
      const browser = createBrowser(origin)
      await signInAs(browser, 'clinic', authorizationOf(origin, newVerifier().challenge))
      const mine = [...browser.cookies.keys()]
      const there = originOf(other)
      await signInAs(browser, 'mis', authorizationOf(there, newVerifier().challenge))
      expect([...browser.cookies.keys()].length).toBeGreaterThan(mine.length)
      const { challenge, verifier } = newVerifier()
      const here = await browser.load(authorizationOf(origin, challenge, { prompt: 'none' }))
      const answer = await exchange(origin, new URL(locationOf(here)).searchParams.get('code') ?? '', verifier)
      const { access_token }: Tokens = await answer.json()
      recordHidden(access_token)
      expect(decodeJwt(access_token)['client_id']).toBe(demo.msp.clientId)
    } finally {
      await other.close()
    }
  })

  test('gives tokens as short as DEVELOPMENT_TOKEN_SECONDS says', { timeout: 120_000 }, async () => {
    const short = await open({ DEVELOPMENT_TOKEN_SECONDS: '5' })
    try {
      const { access_token, expires_in } = await tokensOf('clinic', {}, originOf(short))
      const { exp = 0, iat = 0 } = decodeJwt(access_token)
      expect([expires_in, exp - iat]).toEqual([5, 5])
    } finally {
      await short.close()
    }
  })
})

describe('the issuer refuses', () => {
  const begin = (more: Record<string, string | undefined>) =>
    createBrowser(origin).load(authorizationOf(origin, newVerifier().challenge, more))

  test.each([
    'https://evil.example/console/callback',
    'http://127.0.0.1:1/console/callback',
    'http://127.0.0.1/console/callback',
    '/console/callback',
  ])('the redirect URI %s, without sending the browser there', async (redirect_uri) => {
    const answer = await begin({ redirect_uri })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  test.each(['/', '?x=1', '/..', '%2f', '#x'])('the redirect URI of the console with %j at its end', async (end) => {
    const answer = await begin({ redirect_uri: `${origin}/console/callback${end}` })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  test.each<[string, Record<string, string | undefined>, string]>([
    ['a request without PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['the plain method of PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a token in the front channel', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['another resource', { resource: 'https://other.example.ua/' }, 'invalid_target'],
  ])('%s', async (_name, more, error) => {
    const answer = new URL(locationOf(await begin(more)))
    const parameters = new URLSearchParams(answer.search || answer.hash.slice(1))
    expect([answer.origin + answer.pathname, parameters.get('error')]).toEqual([`${origin}/console/callback`, error])
  })

  test.each([
    ['another verifier', newVerifier().verifier],
    ['no verifier', undefined],
  ])('a code with %s, and the code is of no use after that', async (_name, wrong) => {
    const { verifier, challenge } = newVerifier()
    const callback = await signInAs(createBrowser(origin), 'admin', authorizationOf(origin, challenge))
    const code = callback.searchParams.get('code') ?? ''
    const answer = await exchange(origin, code, wrong)
    expect([answer.status, (await answer.json()).error]).toEqual([400, 'invalid_grant'])
    if (wrong !== undefined) expect((await exchange(origin, 'another code', verifier)).status).toBe(400)
  })

  test('a code that has been used', async () => {
    const { verifier, challenge } = newVerifier()
    const callback = await signInAs(createBrowser(origin), 'admin', authorizationOf(origin, challenge))
    const code = callback.searchParams.get('code') ?? ''
    expect((await exchange(origin, code, verifier)).status).toBe(200)
    const again = await exchange(origin, code, verifier)
    expect([again.status, (await again.json()).error]).toEqual([400, 'invalid_grant'])
  })

  test('a sign-in whose cookie is missing, as a page of another site would send it', async () => {
    const browser = createBrowser(origin)
    const interaction = locationOf(await browser.load(authorizationOf(origin, newVerifier().challenge)))
    for (const [path, method] of [
      [interaction, 'GET'],
      [`${interaction}/admin`, 'POST'],
    ] as const) {
      const answer = await createBrowser(origin).load(path, { method })
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('Вхід не вдався')])
    }
  })

  test('a person whom it does not know, another method, and an unknown path', async () => {
    const browser = createBrowser(origin)
    const interaction = locationOf(await browser.load(authorizationOf(origin, newVerifier().challenge)))
    const statusOf = async (path: string, method: string) => (await browser.load(path, { method })).status
    expect([
      await statusOf(`${interaction}/nobody`, 'POST'),
      await statusOf(`${interaction}/admin`, 'GET'),
      await statusOf(interaction, 'POST'),
      await statusOf('/oidc/token', 'PUT'),
      await statusOf('/oidc/nothing', 'GET'),
      await statusOf('/oidc', 'GET'),
      (await gateway.app.inject({ url: '//oidc/auth', headers: { host: '127.0.0.1' } })).statusCode,
    ]).toEqual([404, 405, 405, 405, 404, 404, 404])
  })
})

describe('the sign-in page', () => {
  test('has no script, one style sheet by its digest, and no other source', async () => {
    const browser = createBrowser(origin)
    const interaction = locationOf(await browser.load(authorizationOf(origin, newVerifier().challenge)))
    const answer = await browser.load(interaction)
    const page = await answer.text()
    expect(page).not.toMatch(/<script|\son\w+=|https?:/)
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect([answer.headers.get('cache-control'), answer.headers.get('x-content-type-options')]).toEqual([
      'no-store',
      'nosniff',
    ])
    expect([...page.matchAll(/formaction="([^"]+)"/g)].map(([, path]) => path)).toEqual(
      people.map(({ id }) => `${interaction}/${id}`),
    )
  })

  test('is Ukrainian, or English where the console or the person asks', async () => {
    const browser = createBrowser(origin)
    const titleOf = async (path: string) =>
      /lang="(\w+)"[\s\S]*<h1>([^<]+)/.exec(await (await browser.load(path)).text())?.slice(1)
    const begin = async (more: object) =>
      locationOf(await browser.load(authorizationOf(origin, newVerifier().challenge, { ...more })))
    const ukrainian = await begin({})
    expect(await titleOf(ukrainian)).toEqual(['uk', 'Хто ви сьогодні?'])
    expect(await titleOf(`${ukrainian}?lang=en`)).toEqual(['en', 'Who are you today?'])
    expect(await titleOf(await begin({ ui_locales: 'de en-GB uk' }))).toEqual(['en', 'Who are you today?'])
  })

  test('of an error shows no markup of the request', async () => {
    const browser = createBrowser(origin)
    const answer = await browser.load(
      authorizationOf(origin, newVerifier().challenge, { client_id: '<img src=x onerror=alert(1)>' }),
      { headers: { accept: 'text/html' } },
    )
    expect([answer.status, await answer.text()]).toEqual([400, expect.not.stringContaining('<img')])
  })
})

test('the console learns its issuer by the name that the browser uses, and by the own address for a foreign name', async () => {
  const configFor = async (host: string) =>
    (await gateway.app.inject({ url: '/console/config.json', headers: { host } })).json()
  expect(await configFor('localhost:4000')).toEqual({
    issuer: 'http://localhost:4000/oidc',
    clientId: 'mithril-console',
    scope: everyScope,
    audience: null,
    authorizationEndpoint: null,
    tokenEndpoint: null,
    endSessionEndpoint: null,
    version: expect.any(String),
  })
  expect((await configFor('evil.example')).issuer).toBe(`${origin}/oidc`)
})

describe('the issuer is not there', () => {
  const discovery = '/oidc/.well-known/openid-configuration'
  const statusFor = async ({ app }: Pick<Gateway, 'app'>, headers: Record<string, string>) =>
    (await app.inject({ url: discovery, headers })).statusCode

  test.each([
    ['a name that was rebound to this machine', { host: 'evil.example' }],
    ['a name that begins like a loopback one', { host: '127.0.0.1.evil.example' }],
    ['a name with user info', { host: '127.0.0.1@evil.example' }],
    ['a proxy', { host: '127.0.0.1:4000', 'x-forwarded-for': '192.0.2.1' }],
    ['a standardized proxy', { host: '127.0.0.1:4000', forwarded: 'for=192.0.2.1' }],
  ])('for %s', async (_name, headers) => {
    expect(await statusFor(gateway, headers)).toBe(400)
  })

  test.each(['127.0.0.1:4000', 'localhost:4000', 'LOCALHOST:4000', '[::1]:4000', 'localhost'])(
    'unless a browser asks by a loopback name: %s is an issuer of its own',
    async (host) => {
      const answer = await gateway.app.inject({ url: discovery, headers: { host } })
      expect(answer.json()).toMatchObject({
        issuer: `http://${host.toLowerCase()}/oidc`,
        token_endpoint: `http://${host.toLowerCase()}/oidc/token`,
      })
    },
  )

  test('in production, and where another issuer is configured', { timeout: 120_000 }, async () => {
    for (const environment of [{ NODE_ENV: 'production' }, { NODE_ENV: 'test' }] as const) {
      const other = await startTestGateway(environment)
      try {
        expect([environment, await statusFor(other, { host: '127.0.0.1:4000' })]).toEqual([environment, 404])
        const signIn = await other.app.inject({ url: '/oidc/interaction/x', headers: { host: '127.0.0.1:4000' } })
        expect([signIn.statusCode, signIn.json().error.type]).toEqual([404, 'not_found'])
      } finally {
        await other.close()
      }
    }
  })
})

test('each request has one line in the log, with its outcome and without a code or a token', async () => {
  const start = log.length
  await tokensOf('clinic', { state: 'state-that-no-log-has' })
  await createBrowser(origin).load('/oidc/nothing')
  const lines = log.slice(start).map((line) => JSON.parse(line))
  expect(lines.map(({ status, code }) => [status, code])).toEqual([
    [303, 'OK'],
    [200, 'OK'],
    [303, 'OK'],
    [303, 'OK'],
    [200, 'OK'],
    [404, 'NOT_FOUND'],
  ])
  expect(JSON.stringify(lines)).not.toContain('state-that-no-log-has')
})
