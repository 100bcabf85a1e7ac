import { type ExecutionResult, getOperationAST } from 'graphql'
import type { GraphQLContext } from './context.ts'
import { withRequestId, type Yoga } from './yoga.ts'

interface PlainParams {
  readonly query: string
  readonly variables?: Record<string, unknown> | null
  readonly operationName?: string | null
}

const knownParams = new Set(['query', 'variables', 'operationName'])
const plainAccept = new Set([undefined, '*/*', 'application/json'])

/** Yoga marks the errors of documents with their HTTP status only where it sees a request, and caches them as they are. */
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

/**
 * Executes the request that nearly every caller sends: a JSON POST of one valid document, answered as `application/json`.
 * It runs Yoga's own parse, validate, context and execute with all its plugins, and leaves out only Yoga's Request and
 * Response objects, which cost about as much CPU as everything else together (ARCHITECTURE.md, decision 7).
 * @returns the body to send, or null for anything out of the ordinary, which the caller then passes to Yoga's full pipeline;
 *   nothing has been executed by then. `test/doors/hot-path.test.ts` holds both to the same bytes.
 */
export async function executePlain(yoga: Yoga, accept: string | undefined, body: unknown, context: GraphQLContext): Promise<string | null> {
  if (!plainAccept.has(accept) || !isPlainParams(body)) return null
  const { schema, parse, validate, contextFactory, execute } = yoga.getEnveloped({ ...context, request, params: body })
  let document: ReturnType<typeof parse>
  try {
    document = parse(body.query)
  } catch {
    return null
  }
  if (validate(schema, document).length > 0) return null
  const operation = getOperationAST(document, body.operationName)
  if (!operation || operation.operation === 'subscription') return null
  const result: ExecutionResult = await execute({
    schema,
    document,
    contextValue: await contextFactory(),
    variableValues: body.variables,
    operationName: body.operationName,
  })
  // Without data nothing was executed: variables that cannot be coerced are a request error, with a status of its own.
  return result.data === undefined ? null : JSON.stringify(withRequestId(result, context.call.requestId))
}
