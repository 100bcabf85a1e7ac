import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Configuration, errors, JWK, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { GatewayError } from '../../domain/errors.ts'
import { HttpRefusal } from '../../server/http-refusals.ts'
import { noteError } from '../../server/outcome.ts'
import { type DevelopmentIssuer, developmentAudience, developmentIssuer } from '../issuer.ts'
import { createMemory } from './memory.ts'
import { errorPage, languageOf, pagePolicy, signOutPage } from './pages.ts'
import { people } from './people.ts'

/** Where the issuer's addresses begin. */
export const signInPath = '/oidc'
/** The console as a client of the issuer. It is public: a page in a browser keeps no secret. */
export const consoleClientId = 'mithril-console'

/** The one resource (RFC 8707) for which the issuer makes access tokens. A request may leave it out. */
const resource = developmentIssuer

const twelveHours = 12 * 60 * 60

/** OpenID Connect of one origin. What it remembers is in memory. */
export interface SignInProvider {
  readonly provider: Provider
  /** Answers a request whose `url` has no `/oidc` at its start. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

export interface SignInProviderOptions {
  readonly signingKey: DevelopmentIssuer['signingKey']
  /** How long an access token lasts. */
  readonly tokenSeconds: number
}

const personOf = (userId: string | undefined) => people.find((person) => person.userId === userId)

/** The grant of the person who has signed in: all of this person's scopes. So no page asks for consent. */
async function grantOf({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider, params } = oidc
  const person = personOf(session?.accountId)
  if (client === undefined || person === undefined) return undefined
  const grant = new provider.Grant({ clientId: client.clientId, accountId: person.userId })
  grant.addOIDCScope('openid')
  grant.addResourceScope(resource, person.scopes.join(' '))
  // A scope that is neither granted nor rejected would bring the page of consent.
  const asked = String(params?.['scope'] ?? '').split(' ')
  const rejected = asked.filter((word) => !person.scopes.some((scope) => scope === word))
  if (rejected.length > 0) grant.rejectResourceScope(resource, rejected.join(' '))
  await grant.save()
  return grant
}

function configurationOf(
  origin: string,
  { signingKey, tokenSeconds }: SignInProviderOptions,
  { InvalidTarget }: Pick<typeof errors, 'InvalidTarget'>,
): Configuration {
  const { port } = new URL(origin)
  const signedOut = `${origin}/console/signed-out`
  const scopes = [...new Set(people.flatMap((person) => person.scopes))].join(' ')
  return {
    adapter: createMemory(),
    clients: [
      {
        client_id: consoleClientId,
        client_name: 'Mithril console',
        redirect_uris: [`${origin}/console/callback`],
        post_logout_redirect_uris: [signedOut],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'none',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [signingKey as JWK] }, // jose's type has every member optional
    responseTypes: ['code'],
    scopes: ['openid'],
    pkce: { required: () => true },
    clientAuthMethods: ['none'],
    cookies: {
      // Cookies do not tell ports apart, and two gateways may run on one machine.
      names: { session: `oidc_${port}`, interaction: `oidc_${port}_interaction`, resume: `oidc_${port}_resume` },
      // New at each start, as the memory that the cookies point into.
      keys: [randomBytes(32).toString('base64url')],
      long: { httpOnly: true, sameSite: 'lax', path: signInPath },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    ttl: {
      AccessToken: tokenSeconds,
      AuthorizationCode: 60,
      IdToken: tokenSeconds,
      Interaction: 60 * 60,
      Session: twelveHours,
      Grant: twelveHours,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, asked) => {
          if (asked !== resource) throw new InvalidTarget()
          return {
            scope: scopes,
            audience: developmentAudience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: tokenSeconds,
            jwt: { sign: { alg: 'ES256', ...(signingKey.kid !== undefined && { kid: signingKey.kid }) } },
          }
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = signOutPage(languageOf(ctx.oidc.params?.['ui_locales']), form)
        },
        postLogoutSuccessSource: (ctx) => ctx.redirect(signedOut),
      },
    },
    formats: {
      customizers: {
        /** Makes the claims those of the platform: the acting client, not the console. */
        jwt: (_ctx, token, { payload }) => {
          const person = 'accountId' in token ? personOf(token.accountId) : undefined
          if (person === undefined) throw new Error('an access token without its person')
          const { clientId: client_id, clientType: client_type } = person
          Object.assign(payload, { iss: developmentIssuer, client_id, client_type, scope: payload['scope'] ?? '' })
        },
      },
    },
    interactions: { url: (_ctx, { uid }) => `${signInPath}/interaction/${uid}` },
    findAccount: (_ctx, userId) =>
      personOf(userId) && { accountId: userId, claims: () => ({ sub: userId, name: personOf(userId)?.name.uk }) },
    loadExistingGrant: grantOf,
    renderError: (ctx, { error, error_description }) => {
      ctx.type = 'html'
      ctx.body = errorPage(languageOf(ctx.oidc?.params?.['ui_locales']), `${error}: ${error_description ?? ''}`)
    },
  }
}

/** Tells the log line of a request that its answer is an error. */
function noteStatus({ req, status }: Pick<KoaContextWithOIDC, 'req' | 'status'>): void {
  const outcome = req.observed?.outcome
  if (outcome === undefined || status < 400 || status >= 500) return
  noteError(outcome, status === 404 ? new GatewayError('notFound') : new HttpRefusal('malformedRequest'))
}

/**
 * Opens OpenID Connect for the console at one origin. Its first call loads `oidc-provider`, which production does not
 * have. The library is certified, so nothing of the protocol is our own code.
 * @param origin scheme, host and port by which the browser asks
 */
export async function openSignInProvider(origin: string, options: SignInProviderOptions): Promise<SignInProvider> {
  const { Provider, errors } = await import('oidc-provider')
  const provider = new Provider(origin + signInPath, configurationOf(origin, options, errors))
  provider.on('server_error', ({ req }, error) => {
    if (req.observed !== undefined) noteError(req.observed.outcome, error)
  })
  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    await next()
    // Without a session there is nothing to end. The library would answer a page with a script.
    if (ctx.oidc?.route === 'end_session' && ctx.status === 200 && ctx.oidc.session?.accountId === undefined)
      ctx.redirect(String(ctx.oidc.params?.['post_logout_redirect_uri'] ?? `${origin}/console/signed-out`))
    if (ctx.response.is('html')) ctx.set('content-security-policy', pagePolicy)
    noteStatus(ctx)
  })
  return { provider, handle: provider.callback() }
}
