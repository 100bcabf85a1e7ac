import {
  AuthorizationResponseError,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  expectNoNonce,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  None,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import { withoutGuard } from '../places/guard.ts'
import { type Issuer, issuer } from './authorization-server.ts'
import { type RoundTrip, rememberRoundTrip, takeRoundTrip } from './round-trip.ts'

/** How the issuer answered. `interaction`: it has no session, so a person must sign in. */
export type SignInResult =
  | { readonly kind: 'signed-in'; readonly accessToken: string; readonly returnTo: string }
  | { readonly kind: 'interaction'; readonly returnTo: string }
  | { readonly kind: 'failed'; readonly error: unknown; readonly returnTo: string }

const base = import.meta.env.BASE_URL
const redirectUri = () => new URL(`${base}callback`, location.origin).href

/** Errors of OpenID Connect Core §3.1.2.6 that a page of the issuer can solve. */
const solvedByInteraction = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']

/** Leaves the page for the issuer: authorization code with PKCE (RFC 7636), `state` and `nonce`. */
export async function leaveForSignIn(
  returnTo: string,
  { isSilent, language }: { readonly isSilent: boolean; readonly language: string },
): Promise<void> {
  const { server, client, configuration } = await issuer()
  if (server.authorization_endpoint === undefined) throw new Error('The issuer names no authorization endpoint')
  const trip: RoundTrip = {
    state: generateRandomState(),
    nonce: generateRandomNonce(),
    verifier: generateRandomCodeVerifier(),
    returnTo,
    isSilent,
  }
  rememberRoundTrip(trip)
  const address = new URL(server.authorization_endpoint)
  const parameters = {
    client_id: client.client_id,
    redirect_uri: redirectUri(),
    response_type: 'code',
    scope: configuration.scope,
    state: trip.state,
    nonce: trip.nonce,
    code_challenge: await calculatePKCECodeChallenge(trip.verifier),
    code_challenge_method: 'S256',
    ui_locales: language,
    ...(configuration.audience !== null && { resource: configuration.audience }),
    ...(isSilent && { prompt: 'none' }),
  }
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value)
  // The present entry of the history becomes the one that the issuer returns to.
  withoutGuard(() => location.replace(address))
}

/** Reads the issuer's answer at `/console/callback`. Never throws. */
export async function finishSignIn(answer: URL): Promise<SignInResult> {
  const trip = takeRoundTrip()
  const returnTo = trip?.returnTo ?? base
  if (trip === null) return { kind: 'interaction', returnTo }
  try {
    return { kind: 'signed-in', accessToken: await tokenFor(answer, trip, await issuer()), returnTo }
  } catch (error) {
    const needsPerson =
      trip.isSilent && error instanceof AuthorizationResponseError && solvedByInteraction.includes(error.error)
    return needsPerson ? { kind: 'interaction', returnTo } : { kind: 'failed', error, returnTo }
  }
}

async function tokenFor(answer: URL, trip: RoundTrip, issuer: Issuer): Promise<string> {
  const { server, client, options, configuration } = issuer
  // Checks `state`, and `iss` where the issuer sends it (RFC 9207).
  const parameters = validateAuthResponse(server, client, answer, trip.state)
  const response = await authorizationCodeGrantRequest(
    server,
    client,
    None(),
    parameters,
    redirectUri(),
    trip.verifier,
    {
      ...options,
      ...(configuration.audience !== null && { additionalParameters: { resource: configuration.audience } }),
    },
  )
  // An issuer without OpenID Connect gives no ID token, and then no nonce comes back.
  const isOpenId = configuration.scope.split(' ').includes('openid')
  const { access_token } = await processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: isOpenId ? trip.nonce : expectNoNonce,
    requireIdToken: isOpenId,
  })
  return access_token
}

/** Leaves the page to end the issuer's session. false: the issuer has no such address, and the page stays. */
export async function leaveForSignOut(): Promise<boolean> {
  const { server, client } = await issuer()
  if (server.end_session_endpoint === undefined) return false
  const address = new URL(server.end_session_endpoint)
  // The client's id is enough. An ID token would stay in the history of the browser.
  address.searchParams.set('client_id', client.client_id)
  address.searchParams.set('post_logout_redirect_uri', new URL(`${base}signed-out`, location.origin).href)
  withoutGuard(() => location.assign(address))
  return true
}
