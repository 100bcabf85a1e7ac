import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql'
import type { AnsweredType } from './accept.ts'
import { type CompleteResult, httpStatusOf, stringifyResult } from './answers.ts'
import type { GraphQLContext } from './context.ts'
import type { Yoga } from './yoga.ts'

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

export interface PlainAnswer {
  readonly status: number
  readonly body: string
}

/**
 * Executes the request that nearly every client sends: a JSON POST of one document, for either media type. It runs
 * Yoga's own parse, validate, context and execute with all plugins. It leaves out Yoga's Request and Response objects,
 * which cost about as much CPU as everything else together (`docs/decisions/0007-hot-path.md`). A refused document is
 * answered here, too, because a refusal must be cheap.
 * @param type the media type of the answer; it decides the status of a refused document
 * @returns the answer, or null for any other request: the door passes it to Yoga's full pipeline. Nothing has been
 *   executed then. `test/doors/hot-path.test.ts` holds both ways to the same bytes.
 */
export async function executePlain(
  yoga: Yoga,
  complete: CompleteResult,
  type: AnsweredType,
  body: unknown,
  context: GraphQLContext,
): Promise<PlainAnswer | null> {
  if (!isPlainParams(body)) return null
  const { schema, parse, validate, contextFactory, execute } = yoga.getEnveloped({ ...context, request, params: body })

  const answer = (result: ExecutionResult): PlainAnswer => {
    const completed = complete(result, context)
    return { status: httpStatusOf(completed.errors ?? [], type), body: stringifyResult(completed) }
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
