import type { ConnectionKey } from '../connection/connection.ts'

/** A typed value that is not stored yet, with the state of the connection that its author saw. No token, no secret. */
export interface Draft {
  readonly value: string
  readonly seenVersion: number
  readonly seenRedirectUri: string
}

/** The beginning of the key of each draft in the storage of the tab. */
export const draftPrefix = 'console.draft.'
const keyOf = ({ clientId, connectionId }: ConnectionKey) => `${draftPrefix}${clientId}.${connectionId}`

/** The draft outlives a reload, a crash of the page and a new sign-in in this tab. */
export function keepDraft(connection: ConnectionKey, draft: Draft): void {
  sessionStorage.setItem(keyOf(connection), JSON.stringify(draft))
}

export function dropDraft(connection: ConnectionKey): void {
  sessionStorage.removeItem(keyOf(connection))
}

/** Drops all drafts, because the next person in this tab may be another one. */
export function dropAllDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(draftPrefix)) sessionStorage.removeItem(key)
}

/** The draft of a connection, or null. */
export function draftOf(connection: ConnectionKey): Draft | null {
  const text = sessionStorage.getItem(keyOf(connection))
  return text === null ? null : JSON.parse(text)
}
