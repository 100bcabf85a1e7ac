import { signal } from '@preact/signals'
import type { ViewerQuery } from '../../client/documents/graphql.ts'
import { dropAllDrafts } from '../drafts/draft.ts'
import { language } from '../language/language.ts'
import { finishSignIn, leaveForSignIn, leaveForSignOut } from './sign-in.ts'

export type Viewer = ViewerQuery['viewer']

/**
 * Where the session is. `leaving`: the browser is on its way to the issuer. `refused`: the gateway does not accept the
 * token of this sign-in at all, so another silent sign-in would only go round in a circle.
 */
export type SessionState =
  | { readonly kind: 'starting' | 'leaving' | 'signed-in' | 'signed-out' | 'refused' }
  | { readonly kind: 'failed'; readonly error: unknown }

export const session = signal<SessionState>({ kind: 'starting' })
export const viewer = signal<Viewer | null>(null)

/** The access token is in no storage and in no signal, so that nothing but this module can read it. */
let token = ''
let wasAccepted = false

const base = import.meta.env.BASE_URL
const here = () => location.pathname + location.search

/** Begins the session of a page that was just loaded. Answers when the page can be shown. */
export async function startSession(): Promise<void> {
  if (location.pathname === `${base}signed-out`) session.value = { kind: 'signed-out' }
  else if (location.pathname === `${base}callback`) await arrive(new URL(location.href))
  else await leave(here(), true)
}

async function arrive(answer: URL): Promise<void> {
  const result = await finishSignIn(answer)
  // The code must not stay in the address bar or in the history.
  history.replaceState(null, '', result.returnTo)
  if (result.kind === 'interaction') return leave(result.returnTo, false)
  if (result.kind === 'failed') session.value = { kind: 'failed', error: result.error }
  else {
    token = result.accessToken
    session.value = { kind: 'signed-in' }
  }
}

async function leave(returnTo: string, isSilent: boolean): Promise<void> {
  session.value = { kind: 'leaving' }
  try {
    await leaveForSignIn(returnTo, { isSilent, language: language.value })
  } catch (error) {
    session.value = { kind: 'failed', error }
  }
}

/** Lets a person sign in, and then shows the present screen again. */
export function signIn(): Promise<void> {
  return leave(location.pathname === `${base}signed-out` ? base : here(), false)
}

/** The access token for the next request. Empty: nobody is signed in, and the gateway will say so. */
export const accessToken = (): string => token

/** The gateway accepted the token. */
export function tokenWasAccepted(): void {
  wasAccepted = true
}

/** The gateway refused the token: the console fetches another one, unless it refused the first request, too. */
export function tokenWasRefused(): void {
  if (session.value.kind !== 'signed-in') return
  token = ''
  if (wasAccepted) void leave(here(), true)
  else session.value = { kind: 'refused' }
}

/** Forgets the token and all data, and ends the issuer's session if it can be ended. */
export async function signOut(): Promise<void> {
  token = ''
  viewer.value = null
  dropAllDrafts()
  session.value = { kind: 'leaving' }
  const left = await leaveForSignOut().catch(() => false)
  if (left) return
  history.replaceState(null, '', `${base}signed-out`)
  session.value = { kind: 'signed-out' }
}
