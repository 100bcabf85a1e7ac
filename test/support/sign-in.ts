import { createHash, randomBytes } from 'node:crypto'

/** A browser without scripts: it keeps cookies and follows a redirect only where a test says so. */
export function createBrowser(origin: string) {
  const cookies = new Map<string, string>()

  async function load(target: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const answer = await fetch(new URL(target, origin), { redirect: 'manual', ...init, headers })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/expires=thu, 01 jan 1970/i.test(line) || value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }

  return { load, cookies }
}

type Browser = ReturnType<typeof createBrowser>

/** A PKCE verifier with its challenge (RFC 7636 §4). */
export function newVerifier() {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

export const everyScope =
  'openid client:read connection:read connection:write connection:refresh_secret connection:delete event:manage'

/** The address at which the console begins a sign-in. A parameter that is undefined is left out. */
export function authorizationOf(origin: string, challenge: string, more: Record<string, string | undefined> = {}) {
  const parameters = {
    client_id: 'mithril-console',
    redirect_uri: `${origin}/console/callback`,
    response_type: 'code',
    scope: everyScope,
    state: 'state-of-the-test',
    nonce: 'nonce-of-the-test',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  }
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return `${origin}/oidc/auth?${new URLSearchParams(given)}`
}

export const locationOf = (answer: Response) => answer.headers.get('location') ?? ''

/** Signs a person in and answers the address to which the issuer sends the browser. */
export async function signInAs(browser: Browser, person: string, authorization: string): Promise<URL> {
  const interaction = new URL(locationOf(await browser.load(authorization)), authorization).href
  await browser.load(interaction)
  const signedIn = await browser.load(`${interaction}/${person}`, { method: 'POST' })
  return new URL(locationOf(await browser.load(locationOf(signedIn))))
}

/** Exchanges a code for tokens, as the console does. */
export function exchange(origin: string, code: string, verifier: string | undefined): Promise<Response> {
  return fetch(`${origin}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'mithril-console',
      redirect_uri: `${origin}/console/callback`,
      code,
      ...(verifier !== undefined && { code_verifier: verifier }),
    }),
  })
}
