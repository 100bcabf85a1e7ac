import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql'
import { type CompleteResult, httpStatusOf, stringifyResult } from './answers.ts'
import type { GraphQLContext } from './context.ts'
import type { Yoga } from './yoga.ts'

interface PlainParams {
  readonly query: string
  readonly variables?: Record<string, unknown> | null
  readonly operationName?: string | null
}

const knownParams = new Set(['query', 'variables', 'operationName'])
const plainAccept = new Set([undefined, '*/*', 'application/json'])

/** Yoga marks the errors of documents with their HTTP status only where it sees a request. */
const request = new Request('http://localhost/graphql', { method: 'POST' })

function isPlainParams(body: unknown): body is PlainParams {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  const { query, variables, operationName } = body as Record<string, unknown> // a non-null object can be looked into
  return (
    Object.keys(body).every((name) => knownParams.has(name)) &&
    typeof query === 'string' &&
    query !== '' &&
    (variables === undefined || variables === null || (typeof variables === 'object' && !Array.isArray(variables))) &&
    (operationName === undefined || operationName === null || typeof operationName === 'string')
  )
}

export interface PlainAnswer {
  readonly status: number
  readonly body: string
}

/**
 * Executes the request that nearly every caller sends: a JSON POST of one document, answered as `application/json`. It
 * runs Yoga's own parse, validate, context and execute with all its plugins, and leaves out only Yoga's Request and
 * Response objects, which cost about as much CPU as everything else together (ARCHITECTURE.md, decision 7). A document
 * that is refused is answered here, too, so that refusing it costs no more than it must.
 * @returns the answer, or null for anything out of the ordinary, which the caller then passes to Yoga's full pipeline;
 *   nothing has been executed by then. `test/doors/hot-path.test.ts` holds both to the same bytes.
 */
export async function executePlain(
  yoga: Yoga,
  complete: CompleteResult,
  accept: string | undefined,
  body: unknown,
  context: GraphQLContext,
): Promise<PlainAnswer | null> {
  if (!plainAccept.has(accept) || !isPlainParams(body)) return null
  const { schema, parse, validate, contextFactory, execute } = yoga.getEnveloped({ ...context, request, params: body })

  const answer = (result: ExecutionResult): PlainAnswer => {
    const completed = complete(result, context)
    return { status: httpStatusOf(completed.errors ?? []), body: stringifyResult(completed) }
  }

  let document: ReturnType<typeof parse>
  try {
    document = parse(body.query)
  } catch (error) {
    return error instanceof GraphQLError ? answer({ errors: [error] }) : null
  }
  const errors = validate(schema, document)
  if (errors.length > 0) return answer({ errors })
  const operation = getOperationAST(document, body.operationName)
  if (!operation || operation.operation === 'subscription') return null
  const contextValue = await contextFactory()
  return answer(
    await execute({
      schema,
      document,
      contextValue,
      variableValues: body.variables,
      operationName: body.operationName,
    }),
  )
}
