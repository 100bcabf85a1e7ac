import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import type { Operations } from '../domain/operations.ts'
import type { Policy } from '../domain/policy.ts'
import type { Tracing } from '../observability/tracing.ts'
import { type AuthenticationDeps, apiKeyOf, authenticationHook, createCallOf } from '../server/authentication.ts'
import { HttpRefusal, statusOf } from '../server/http-refusals.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { languageOf, varyByLanguage } from '../server/language.ts'
import { describeCause } from '../server/log-text.ts'
import { noteError } from '../server/outcome.ts'
import { refusalHeaders, toRefusal } from '../server/refusals.ts'
import { type RefusalAhead, sheddingHook } from '../server/shedding.ts'
import { type AnsweredType, answeredTypeOf, contentTypeOf, negotiate } from './accept.ts'
import { createCompleteResult } from './answers.ts'
import type { GraphQLContext } from './context.ts'
import { boundAnswers } from './document-limits/answer-size.ts'
import { createDocumentCache } from './document-limits/document-rules.ts'
import { extensionsOf } from './errors.ts'
import { createHotPath } from './hot-path.ts'
import { RequestLoaders } from './loaders.ts'
import { forgetScopes, RequestPermits, scopesKey } from './permit-guard.ts'
import { createFindDocument, type PersistedDocumentsOptions } from './persisted-documents.ts'
import { createGatewayYoga } from './yoga.ts'

/** Adds `GET /graphql` for browsers to the door. */
export type GraphiqlPage = (app: FastifyInstance) => void

export interface GraphQLDoorDeps extends AuthenticationDeps {
  readonly schema: GraphQLSchema
  readonly refusalAhead: RefusalAhead
  readonly operations: Operations
  readonly policy: Policy
  /** Whether the schema may be asked for, and suggested from. */
  readonly introspection: boolean
  /** null: no GraphiQL. */
  readonly graphiql: GraphiqlPage | null
  readonly tracing: Tracing | null
  readonly persistedDocuments: PersistedDocumentsOptions
}

/**
 * Outcomes of operations travel in an HTTP 200: the admin UIs read them from `errors`. Of refusals before a document,
 * only these have their HTTP status for callers of `application/json`.
 */
const statusesOfHttp = new Set([400, 401, 405, 406, 408, 413, 415, 429, 431])

/** Outcomes that set headers in an HTTP 200, too: the caller learns when to come again. */
const statusesWithHeaders = new Set([401, 429, 503])

/**
 * The HTTP status of a refusal before a document. An answer of the second type that has no `data` is 4xx or 5xx
 * (GraphQL over HTTP, 6.4.2).
 */
const statusOfRefusal = (status: number, type: AnsweredType): number =>
  type === 'application/graphql-response+json' || statusesOfHttp.has(status) ? status : 200

/** Answers a request that was refused before its document was executed. */
function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  noteError(request.outcome, error)
  const refusal = toRefusal(error)
  const type = answeredTypeOf(request)
  const language = languageOf(request.headers['accept-language'])
  varyByLanguage(reply, language)
  void reply
    .code(statusOfRefusal(statusOf(refusal), type))
    .headers(refusalHeaders(refusal))
    .type(contentTypeOf(type))
    .send(
      JSON.stringify({
        errors: [{ message: refusal.message, extensions: extensionsOf(refusal, language) }],
        extensions: { requestId: request.id },
      }),
    )
}

/** Door one: `/graphql`. */
export function graphqlDoor(app: FastifyInstance, deps: GraphQLDoorDeps): void {
  const {
    schema,
    operations,
    policy,
    introspection,
    graphiql,
    tracing,
    persistedDocuments,
    refusalAhead,
    ...authentication
  } = deps
  const findDocument = createFindDocument(persistedDocuments)
  const complete = createCompleteResult({ introspection })
  const log = (level: 'debug' | 'info' | 'warn' | 'error') => (message: unknown) =>
    // The text of a GraphQLError quotes the document.
    app.log[level](message instanceof GraphQLError ? describeCause(message.originalError ?? message) : String(message))
  const execution = {
    schema,
    complete,
    tracing,
    documents: createDocumentCache(),
    judgeOperation: boundAnswers(schema),
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  }
  const yoga = createGatewayYoga({ ...execution, introspection })
  const executePlain = createHotPath({ ...execution, yoga })

  const callOf = createCallOf(authentication, 'GRAPHQL')
  const contextOf = (request: FastifyRequest, reply: FastifyReply): GraphQLContext => {
    const call = callOf(request)
    const permits = new RequestPermits(operations, call, (operation) => {
      request.outcome.operation ??= operation
    })
    return {
      ...scopesKey(),
      call,
      apiKey: apiKeyOf(request),
      operations,
      policy,
      permits,
      loaders: new RequestLoaders(operations),
      language: () => languageOf(request.headers['accept-language']),
      onErrors: (code, language) => {
        varyByLanguage(reply, language)
        if (request.outcome.code !== 'OK') return
        request.outcome.code = code
        request.outcome.rule = code
      },
      onError: (error) => {
        noteError(request.outcome, error)
        const refusal = toRefusal(error)
        // The UI goes to its login page on HTTP 401 and reads everything else from an HTTP 200.
        if (statusOf(refusal) === 401) reply.code(401)
        if (statusesWithHeaders.has(statusOf(refusal))) reply.headers(refusalHeaders(refusal))
      },
    }
  }

  async function throughYoga(
    request: FastifyRequest,
    reply: FastifyReply,
    context: GraphQLContext,
    body: unknown,
  ): Promise<FastifyReply> {
    // The door has judged both types by now, and Yoga knows fewer spellings of them. Yoga does not get the token.
    const headers = { accept: answeredTypeOf(request), 'content-type': 'application/json' }
    // The body is text again: Yoga's adapter would take an empty object for a body that it still has to read.
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await yoga.fetch(app.publicUrl('/graphql'), init, { ...context })
    for (const [name, value] of response.headers) reply.header(name, value)
    if (reply.statusCode !== 401) reply.code(response.status)
    return reply.send(await response.text())
  }

  app.decorateRequest('chosenType', undefined)
  app.setErrorHandler(answerRefusal)

  app.post(
    '/graphql',
    {
      bodyLimit: 100 * 1024,
      onRequest: [authenticationHook(authentication, 'GRAPHQL'), negotiate, sheddingHook(refusalAhead)],
      schema: { hide: true },
    },
    async (request, reply) => {
      if (request.body === undefined) throw new HttpRefusal('malformedRequest', { reason: 'body_empty' })
      const body = findDocument(request.body)
      const context = contextOf(request, reply)
      const type = answeredTypeOf(request)
      try {
        const answer = await executePlain(type, body, context)
        if (answer === null) return await throughYoga(request, reply, context, body)
        if (reply.statusCode !== 401) reply.code(answer.status)
        return reply.type(contentTypeOf(type)).send(answer.body)
      } finally {
        forgetScopes(context)
      }
    },
  )

  graphiql?.(app)
  refuseOtherMethods(app, '/graphql', graphiql === null ? ['POST'] : ['GET', 'POST'], 'post_only')
}
