import type { TypedDocumentString } from './documents/graphql.ts'
import { type GatewayResult, parseAnswer } from './result.ts'

export { type GatewayFailure, type GatewayResult, type InputError, readErrors } from './result.ts'

export interface GatewayClientOptions {
  /** Of the GraphQL door, for example `http://127.0.0.1:4000/graphql`. */
  readonly url: string | URL
  /** The access token, or what gives one: asked before each request, since tokens expire. */
  readonly token: string | (() => string | Promise<string>)
  /** The secret that refreshing somebody's secret may have to be vouched for with: the `API-key` header. */
  readonly apiKey?: string
  /** Milliseconds for a whole answer; 15000 by default, longer than the gateway itself waits for its database. */
  readonly timeout?: number
  /**
   * Sends the id of a document instead of its text; a gateway with `GRAPHQL_DOCUMENTS=persisted` takes nothing else.
   */
  readonly persisted?: boolean
  readonly fetch?: typeof fetch
}

/** Nothing to give where a document has no variables, or none that it needs. */
type VariablesArgument<Variables> =
  Record<string, never> extends Variables ? [variables?: Variables] : [variables: Variables]

export interface GatewayClient {
  /**
   * @throws Error when there is no GraphQL answer: network, timeout, a proxy's page. Refusals are results: see
   * `readErrors`.
   */
  execute<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    ...variables: VariablesArgument<Variables>
  ): Promise<GatewayResult<Data>>
}

/**
 * A client of the GraphQL door. It needs nothing but `fetch`, and keeps nothing between requests.
 * @example
 * const gateway = createGatewayClient({ url: 'http://127.0.0.1:4000/graphql', token })
 * const { data } = await gateway.execute(ViewerDocument)
 * console.log(data?.viewer.scopes)
 */
export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const { url, token, apiKey, timeout = 15_000, fetch: send = fetch, persisted = false } = options
  return {
    async execute(document, ...[variables]) {
      const documentId: unknown = persisted && document.__meta__?.['hash']
      const authorization = `Bearer ${typeof token === 'string' ? token : await token()}`
      const request: RequestInit = {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          authorization,
          ...(apiKey && { 'api-key': apiKey }),
        },
        body: JSON.stringify({ ...(documentId ? { documentId } : { query: document.toString() }), variables }),
        // The gateway redirects nowhere; whoever does must not get the token, nor a change turned into a GET.
        redirect: 'error',
        signal: AbortSignal.timeout(timeout),
      }
      const response = await send(url, request).catch((cause: unknown) => noAnswer(cause))
      return parseAnswer(await response.text().catch((cause: unknown) => noAnswer(cause)), response)

      function noAnswer(cause: unknown): never {
        throw new Error(`No answer from ${url}: ${cause instanceof Error ? cause.message : cause}`, { cause })
      }
    },
  }
}
