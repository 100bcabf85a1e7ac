import { type ExecutionResult, GraphQLError } from 'graphql'
import type { GraphQLContext } from './context.ts'
import { maxRequestErrors } from './document-limits/document-rules.ts'

/** Readies a result for its caller: request errors made fit to be sent, and the request named. */
export type CompleteResult = <Result extends ExecutionResult>(
  result: Result,
  context: Pick<GraphQLContext, 'call' | 'onRequestError'>,
) => Result

/**
 * What HTTP has to say about an error: Yoga's own mark. `spec`: nothing to callers of `application/json`, who read it
 * from a 200.
 */
function httpMarkOf({ extensions: { http } }: GraphQLError) {
  return http?.status === undefined ? undefined : { status: http.status, spec: http.spec === true }
}

/** The HTTP status of a request error for a caller of `application/json`, as Yoga finds it. */
export const httpStatusOf = (errors: readonly GraphQLError[]): number =>
  Math.max(200, ...errors.map(httpMarkOf).map((mark) => (mark === undefined || mark.spec ? 200 : mark.status)))

/**
 * Messages of graphql-js quote what was sent. Words of the schema and UUIDs are shorter than this; tokens and secrets
 * are longer.
 */
const longWord = /([^\s"]{16})[^\s"]{25,}/g
const halfOfLongestMessage = 150

/** What graphql-js adds, at its end, to the message about a name that nearly is one. */
const suggestion = ' Did you mean '

/** No pattern: what is quoted before the suggestion may hold these words, thousands of times. */
const withoutSuggestion = (message: string) =>
  message.endsWith('?') && message.includes(suggestion) ? message.slice(0, message.lastIndexOf(suggestion)) : message

/**
 * A message that is not longer for a longer document. The name of what is wrong is at its start, the reason at its end.
 */
function shortened(message: string): string {
  const text = message.replace(longWord, '$1…')
  const half = halfOfLongestMessage
  return text.length <= 2 * half ? text : `${text.slice(0, half)} … ${text.slice(-half)}`
}

/**
 * An error of graphql-js or Yoga, as this door answers request errors: with a code and a number like those of
 * operations. Nothing is taken over but what is named here.
 */
function requestError(error: GraphQLError, suggestions: boolean): GraphQLError {
  const { code = 'BAD_REQUEST', exception } = error.extensions
  const http = httpMarkOf(error)
  return new GraphQLError(shortened(suggestions ? error.message : withoutSuggestion(error.message)), {
    source: error.source ?? null,
    positions: error.positions?.slice(0, 4) ?? null,
    path: error.path ?? null,
    extensions: {
      code,
      status: http?.status ?? 400,
      ...(exception !== undefined && { exception }),
      ...(http && { http }),
    },
  })
}

/** Errors of operations carry the catalogue's number and are fit to be sent as they are. */
const isOutcome = ({ extensions }: GraphQLError) => typeof extensions['status'] === 'number'

/** @param options.introspection false: messages do not suggest names of the schema */
export function createCompleteResult({ introspection }: { readonly introspection: boolean }): CompleteResult {
  return (result, { call, onRequestError }) => {
    const errors = result.errors
      ?.slice(0, result.data === undefined ? maxRequestErrors : undefined)
      .map((error) => (isOutcome(error) ? error : requestError(error, introspection)))
    if (errors?.[0]) onRequestError(String(errors[0].extensions['code']))
    return { ...result, ...(errors && { errors }), extensions: { ...result.extensions, requestId: call.requestId } }
  }
}

function withoutHttpMark(error: GraphQLError) {
  const { extensions: { http: _, ...extensions } = {}, ...rest } = error.toJSON()
  return { ...rest, extensions }
}

/** The body of an answer: a completed result without what was for HTTP only. */
export const stringifyResult = ({ errors, ...result }: ExecutionResult): string =>
  JSON.stringify({ ...(errors && { errors: errors.map(withoutHttpMark) }), ...result })
