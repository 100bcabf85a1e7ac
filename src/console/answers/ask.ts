import { createGatewayClient, type GatewayFailure, readErrors } from '../../client/client.ts'
import type { TypedDocumentString } from '../../client/documents/graphql.ts'
import { accessToken, tokenWasAccepted, tokenWasRefused } from '../session/session.ts'

/** Why the console has no answer, or only a part of one. `NO_ANSWER`: nothing came back from the gateway. */
export type Failure = GatewayFailure | { readonly code: 'NO_ANSWER'; readonly path: readonly [] }

export interface Answer<Data> {
  /** What could be read. Beside failures it may have holes, which are null. */
  readonly data: Data | null
  readonly failures: readonly Failure[]
  /** For the gateway's operators. */
  readonly requestId: string | null
}

/**
 * Asks the gateway. It sends the id of the document, so that `GRAPHQL_DOCUMENTS=persisted` is enough. Never throws.
 * @param apiKey the secret that a new secret may need; nothing keeps it
 */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { apiKey }: { readonly apiKey?: string } = {},
): Promise<Answer<Data>> {
  const gateway = createGatewayClient({
    url: '/graphql',
    token: accessToken,
    persisted: true,
    ...(apiKey && { apiKey }),
  })
  try {
    const result = await gateway.execute(document, ...([variables] as never)) // the rest argument is always given here
    const failures = readErrors(result)
    // A refused token has no path, because the gateway reads no document before it. A refused API key has one.
    const isTokenRefused = failures.some(({ code, path }) => code === 'UNAUTHENTICATED' && path.length === 0)
    if (isTokenRefused) tokenWasRefused()
    else tokenWasAccepted()
    return { data: result.data, failures, requestId: result.requestId }
  } catch {
    return { data: null, failures: [{ code: 'NO_ANSWER', path: [] }], requestId: null }
  }
}
