import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  getOperationAST,
} from 'graphql'
import type { YogaLogger } from 'graphql-yoga'
import type { Tracing } from '../observability/tracing.ts'
import type { AnsweredType } from './accept.ts'
import { httpStatusOf, stringifyResult } from './answers.ts'
import type { GraphQLContext } from './context.ts'
import { traced } from './traced-execution.ts'
import { maskError, type Yoga, type YogaOptions } from './yoga.ts'

interface PlainParams {
  readonly query: string
  readonly variables?: Record<string, unknown> | null
  readonly operationName?: string | null
  /** Apollo Client names itself here. Nothing reads it. */
  readonly extensions?: object | null
}

const isObjectOrNothing = (value: unknown): boolean =>
  value == null || (typeof value === 'object' && !Array.isArray(value))

const knownParams = new Set(['query', 'variables', 'operationName', 'extensions'])

/** Yoga marks the errors of documents with their HTTP status only where it sees a request. */
const request = new Request('http://localhost/graphql', { method: 'POST' })

function isPlainParams(body: unknown): body is PlainParams {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  const { query, variables, operationName, extensions } = body as Record<string, unknown> // a non-null object
  return (
    Object.keys(body).every((name) => knownParams.has(name)) &&
    typeof query === 'string' &&
    query !== '' &&
    isObjectOrNothing(variables) &&
    isObjectOrNothing(extensions) &&
    (operationName === undefined || operationName === null || typeof operationName === 'string')
  )
}

/** graphql-js refuses variables before the execution. Yoga's executor gives such an error this mark. */
function asBadRequest(error: GraphQLError): GraphQLError {
  error.extensions['http'] = { status: 400 }
  return error
}

export interface PlainAnswer {
  readonly status: number
  readonly body: string
}

/**
 * @returns the answer, or null for any other request: the door passes it to Yoga's full pipeline. Nothing has been
 *   executed then.
 */
export type ExecutePlain = (
  type: AnsweredType,
  body: unknown,
  context: GraphQLContext,
) => PlainAnswer | null | Promise<PlainAnswer | null>

export interface HotPathOptions extends Pick<YogaOptions, 'schema' | 'documents' | 'judgeOperation' | 'complete'> {
  readonly yoga: Yoga
  readonly tracing: Tracing | null
  readonly logger: Pick<YogaLogger, 'error'>
}

/**
 * Makes the execution of the request that nearly every client sends: a JSON POST of one document, for either media
 * type. It leaves out Yoga's Request and Response objects, which cost about as much CPU as everything else together.
 * Yoga parses and validates a document when it is new. A known one is judged and executed at once
 * (`docs/decisions/0007-hot-path.md`). A refused document is answered here, too, because a refusal must be cheap.
 * `test/doors/hot-path.test.ts` holds both ways to the same bytes.
 */
export function createHotPath(options: HotPathOptions): ExecutePlain {
  const { yoga, schema, documents, judgeOperation, complete, tracing, logger } = options
  const run = tracing === null ? execute : traced(tracing, (args: ExecutionArgs) => execute(args))

  /** @returns the parsed document, the errors for which it is refused, or null: Yoga's pipeline answers it */
  function readDocument(params: PlainParams, context: GraphQLContext): DocumentNode | readonly GraphQLError[] | null {
    const { parse, validate } = yoga.getEnveloped({ ...context, request, params })
    let document: DocumentNode
    try {
      document = parse(params.query)
    } catch (error) {
      return error instanceof GraphQLError ? [error] : null
    }
    const errors = validate(schema, document)
    return errors.length > 0 ? errors : document
  }

  const masked = (error: GraphQLError): GraphQLError => {
    const safe = maskError(error)
    if (safe !== error) logger.error(error)
    return safe
  }

  return (type, body, context) => {
    if (!isPlainParams(body)) return null
    const { query, variables, operationName } = body

    const answer = (result: ExecutionResult): PlainAnswer => {
      const completed = complete(result, context)
      return { status: httpStatusOf(completed.errors ?? [], type), body: stringifyResult(completed) }
    }
    const answerExecuted = ({ errors, ...result }: ExecutionResult): PlainAnswer =>
      answer(
        errors === undefined ? result : { ...result, errors: errors.map('data' in result ? masked : asBadRequest) },
      )

    const document = documents.valid(query) ?? readDocument(body, context)
    if (document === null) return null
    if (!('kind' in document)) return answer({ errors: document })
    const operation = getOperationAST(document, operationName)
    if (!operation || operation.operation === 'subscription') return null
    const args = { schema, document, contextValue: context, variableValues: variables, operationName }
    const refused = judgeOperation(args)
    if (refused !== null) return answer(refused)
    const result = run(args)
    return result instanceof Promise ? result.then(answerExecuted) : answerExecuted(result)
  }
}
