import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { ConsoleConfig } from '../../config/shape.ts'
import { variables } from '../../config/variables.ts'
import { GatewayError } from '../../domain/errors.ts'
import { HttpRefusal } from '../../server/http-refusals.ts'
import { refuseOtherMethods } from '../../server/http-server.ts'
import { noteError } from '../../server/outcome.ts'
import { loopbackHostOf } from '../loopback-host.ts'
import { errorPage, languageOf, pagePolicy, signInPage } from './pages.ts'
import { people } from './people.ts'
import {
  consoleClientId,
  openSignInProvider,
  type SignInProvider,
  type SignInProviderOptions,
  signInPath,
} from './provider.ts'

/** One machine has few loopback names. A caller that makes up more of them forgets the sessions of the oldest. */
const originsAtMost = 8

/** The origin by which a browser of this machine asks. null: the issuer must not answer. */
function originOf({ headers }: FastifyRequest): string | null {
  const host = loopbackHostOf(headers)
  return host === null ? null : `http://${host}`
}

/** What the console learns about the development issuer, which then refuses a request by a foreign name. */
export function consoleConfigOf(request: FastifyRequest): ConsoleConfig {
  return {
    issuer: (originOf(request) ?? request.server.publicUrl()) + signInPath,
    clientId: consoleClientId,
    scope: variables.shape.CONSOLE_SCOPE.parse(undefined),
    audience: null,
    authorizationEndpoint: null,
    tokenEndpoint: null,
    endSessionEndpoint: null,
  }
}

/** Hands a request over to the library, with the headers that the gateway gives each answer. */
function handOver({ handle }: SignInProvider, { raw }: FastifyRequest, reply: FastifyReply): void {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value)
  // The library makes its addresses of both.
  Object.assign(raw, { originalUrl: raw.url, url: raw.url?.slice(signInPath.length) })
  void handle(raw, reply.raw)
}

/**
 * The development issuer's sign-in for the console, below `/oidc`: OpenID Connect with authorization code and PKCE.
 * Each loopback name has an issuer of its own, so that the console's origin is the issuer's.
 */
export async function signInRoutes(app: FastifyInstance, options: SignInProviderOptions): Promise<void> {
  const opened = new LRUCache<string, Promise<SignInProvider>>({ max: originsAtMost })

  function providerOf(request: FastifyRequest): Promise<SignInProvider> {
    const origin = originOf(request)
    if (origin === null) throw new HttpRefusal('malformedRequest', { reason: 'loopback_only' })
    const known = opened.get(origin)
    if (known !== undefined) return known
    const opening = openSignInProvider(origin, options)
    opened.set(origin, opening)
    opening.catch(() => opened.delete(origin))
    return opening
  }

  await app.register(async (routes) => {
    routes.removeAllContentTypeParsers()
    // The library reads the body by itself, and refuses one above 56 kB.
    routes.addContentTypeParser('*', (_request, _payload, done) => done(null))

    routes.route({
      method: ['GET', 'POST'],
      url: `${signInPath}/*`,
      schema: { hide: true },
      async handler(request, reply) {
        // Fastify finds routes for paths that the library does not know, for example `//oidc/auth`.
        if (!request.raw.url?.startsWith(`${signInPath}/`)) throw new GatewayError('notFound')
        handOver(await providerOf(request), request, reply)
      },
    })
    refuseOtherMethods(routes, `${signInPath}/*`, ['GET', 'POST'])
    interactionRoutes(routes, providerOf)
  })
}

interface Uid {
  readonly uid: string
}

/** The page on which a person signs in. */
function interactionRoutes(app: FastifyInstance, providerOf: (request: FastifyRequest) => Promise<SignInProvider>) {
  const url = `${signInPath}/interaction/:uid`

  async function answering(request: FastifyRequest, reply: FastifyReply, answer: () => Promise<unknown>) {
    reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8')
    const { errors } = await import('oidc-provider')
    try {
      return await answer()
    } catch (error) {
      // The library's errors are about the cookie or the age of the sign-in.
      if (!(error instanceof errors.OIDCProviderError)) throw error
      noteError(request.outcome, new HttpRefusal('malformedRequest'))
      return reply.code(error.statusCode).send(errorPage('uk', error.error_description ?? error.error))
    }
  }

  app.get<{ Params: Uid; Querystring: { lang?: unknown } }>(url, { schema: { hide: true } }, async (request, reply) => {
    const { provider } = await providerOf(request)
    return answering(request, reply, async () => {
      const { uid, params } = await provider.interactionDetails(request.raw, reply.raw)
      const language = languageOf(request.query.lang ?? params['ui_locales'])
      return signInPage(language, `${signInPath}/interaction/${uid}`)
    })
  })

  app.post<{ Params: Uid & { person: string } }>(
    `${url}/:person`,
    { schema: { hide: true } },
    async (request, reply) => {
      const { provider } = await providerOf(request)
      const person = people.find(({ id }) => id === request.params.person)
      if (person === undefined) throw new GatewayError('notFound')
      return answering(request, reply, async () => {
        const result = { login: { accountId: person.userId }, consent: {} }
        return reply.redirect(await provider.interactionResult(request.raw, reply.raw, result), 303)
      })
    },
  )
  refuseOtherMethods(app, url, ['GET'])
  refuseOtherMethods(app, `${url}/:person`, ['POST'])
}
