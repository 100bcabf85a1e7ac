import { GraphQLError, type GraphQLSchema } from 'graphql'
import { createYoga, type Plugin, type YogaLogger } from 'graphql-yoga'
import type { Tracing } from '../observability/tracing.ts'
import type { CompleteResult } from './answers.ts'
import type { GraphQLContext } from './context.ts'
import { boundedAnswers, type JudgeOperation } from './document-limits/answer-size.ts'
import { type DocumentCache, documentRules, noErrorCache } from './document-limits/document-rules.ts'
import { toGraphQLError } from './errors.ts'
import { traceExecution } from './traced-execution.ts'

export type Yoga = ReturnType<typeof createGatewayYoga>

export interface YogaOptions {
  readonly schema: GraphQLSchema
  /** Whether the schema may be asked for, and suggested from. */
  readonly introspection: boolean
  readonly complete: CompleteResult
  readonly tracing?: Tracing | null
  readonly logger: YogaLogger
  readonly documents: DocumentCache
  readonly judgeOperation: JudgeOperation
}

/** Makes Yoga without the features that the door does not offer. Fastify accepts each request before Yoga sees it. */
export function createGatewayYoga(options: YogaOptions) {
  const { schema, introspection, complete, logger, tracing = null, documents, judgeOperation } = options
  return createYoga<GraphQLContext>({
    schema,
    // The door serves a GraphiQL page of its own.
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    logging: logger,
    // A plugin converts refusals where they happen (operation-plugins.ts). An error that is masked here is a fault.
    maskedErrors: { isDev: false, maskError },
    parserAndValidationCache: { documentCache: documents, errorCache: noErrorCache },
    plugins: [
      documentRules(documents, { introspection }),
      boundedAnswers(judgeOperation),
      completedResults(complete),
      ...(tracing ? [traceExecution(tracing)] : []),
    ],
  })
}

/** An error as the caller may see it: itself, or an error in its place that tells nothing of a fault. */
export const maskError = (error: unknown): GraphQLError => (isMeantForCallers(error) ? error : toGraphQLError(error))

/** Whether graphql-js or the gateway made the error for the caller. An error that wraps a thrown value is not such. */
function isMeantForCallers(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && (error.originalError == null || isMeantForCallers(error.originalError))
}

const completedResults = (complete: CompleteResult): Plugin<object, GraphQLContext> => ({
  onResultProcess({ result, setResult, serverContext }) {
    // Lists of results and streams belong to batching and subscriptions, which this door does not offer.
    if (Array.isArray(result) || Symbol.asyncIterator in result) return
    setResult(complete(result, serverContext))
  },
})
