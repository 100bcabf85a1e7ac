import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi'
import { type ConsoleConfiguration, configuration } from './configuration.ts'

/** The issuer, the console as its client, and the options that both need in requests. */
export interface Issuer {
  readonly server: AuthorizationServer
  readonly client: Client
  readonly options: { readonly [allowInsecureRequests]: boolean }
  readonly configuration: ConsoleConfiguration
}

let known: Promise<Issuer> | undefined

/** The issuer, looked up once. @throws Error if it does not answer or is not the configured one */
export function issuer(): Promise<Issuer> {
  known ??= find()
  known.catch(() => {
    known = undefined
  })
  return known
}

async function find(): Promise<Issuer> {
  const settings = await configuration()
  // The development issuer is the gateway itself, over HTTP. Every other issuer must have HTTPS.
  const isOwn = new URL(settings.issuer).origin === location.origin
  const options = { [allowInsecureRequests]: isOwn }
  const client = { client_id: settings.clientId }
  return { server: await serverOf(settings, options), client, options, configuration: settings }
}

async function serverOf(settings: ConsoleConfiguration, options: Issuer['options']): Promise<AuthorizationServer> {
  const { issuer: identifier, authorizationEndpoint, tokenEndpoint, endSessionEndpoint } = settings
  if (authorizationEndpoint !== null && tokenEndpoint !== null)
    return {
      issuer: identifier,
      authorization_endpoint: authorizationEndpoint,
      token_endpoint: tokenEndpoint,
      ...(endSessionEndpoint !== null && { end_session_endpoint: endSessionEndpoint }),
    }
  const url = new URL(identifier)
  const response = await discoveryRequest(url, { algorithm: 'oidc', ...options })
  return processDiscoveryResponse(url, response)
}
