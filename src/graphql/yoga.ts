import { GraphQLError, type GraphQLSchema, getOperationAST, Kind } from 'graphql'
import { createYoga, type GraphiQLOptions, type Plugin, type YogaLogger } from 'graphql-yoga'
import type { GraphQLContext } from './context.ts'
import { toGraphQLError } from './errors.ts'

export type Yoga = ReturnType<typeof createGatewayYoga>

export interface YogaOptions {
  readonly schema: GraphQLSchema
  /** What GraphiQL opens with; null: no GraphiQL. */
  readonly graphiql: (() => Promise<GraphiQLOptions>) | null
  readonly logger: YogaLogger
}

/** Yoga with everything off that this door does not offer. Its HTTP side only ever sees requests that Fastify has let through. */
export function createGatewayYoga({ schema, graphiql, logger }: YogaOptions) {
  return createYoga<GraphQLContext>({
    schema,
    graphiql: graphiql ?? false,
    // Megabytes of page that production never shows.
    renderGraphiQL: async (options) => (await import('@graphql-yoga/render-graphiql')).renderGraphiQL(options),
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    logging: logger,
    // Refusals are converted where they happen (errors.ts), so whatever is masked here is a fault, in development too.
    maskedErrors: { isDev: false, maskError: (error) => (isMeantForCallers(error) ? error : toGraphQLError(error)) },
    plugins: [namedOperation, requestIdOnEveryResult],
  })
}

/** An error that graphql-js or we made for the caller; one that wraps something thrown is not. */
function isMeantForCallers(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && (error.originalError == null || isMeantForCallers(error.originalError))
}

const namedOperation: Plugin<GraphQLContext, GraphQLContext> = {
  onExecute({ args, context }) {
    const field = getOperationAST(args.document, args.operationName)?.selectionSet.selections.find(
      (selection) => selection.kind === Kind.FIELD,
    )
    if (field) context.onOperation(field.name.value)
  },
}

/** An error that names no code is a request error of graphql-js, such as a variable that cannot be coerced. */
function withCode(error: GraphQLError): GraphQLError {
  if (error.extensions['code'] !== undefined) return error
  const { message, nodes, source, positions, path, extensions } = error
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions: { ...extensions, code: 'BAD_REQUEST', status: 400 },
  })
}

const requestIdOnEveryResult: Plugin<object, GraphQLContext> = {
  onResultProcess({ result, setResult, serverContext: { call, onRequestError } }) {
    // Lists of results and streams belong to batching and subscriptions, which this door does not offer.
    if (Array.isArray(result) || Symbol.asyncIterator in result) return
    const errors = result.errors?.map(withCode)
    if (errors?.[0]) onRequestError(String(errors[0].extensions['code']))
    setResult(withRequestId({ ...result, ...(errors && { errors }) }, call.requestId))
  },
}

/** Every result names the request it answers. */
export function withRequestId<R extends object>(
  result: R & { readonly extensions?: Readonly<Record<string, unknown>> },
  requestId: string,
) {
  return { ...result, extensions: { ...result.extensions, requestId } }
}
