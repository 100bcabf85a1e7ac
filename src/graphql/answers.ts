import { type ExecutionResult, GraphQLError, type GraphQLErrorExtensions } from 'graphql'
import type { AnsweredType } from './accept.ts'
import type { GraphQLContext } from './context.ts'
import { maxRequestErrors } from './document-limits/document-rules.ts'
import { localizedExtensions } from './errors.ts'

/** Completes a result: it names the request, makes request errors fit to be sent, and translates errors. */
export type CompleteResult = <Result extends ExecutionResult>(
  result: Result,
  context: Pick<GraphQLContext, 'call' | 'language' | 'onErrors'>,
) => Result

/** Yoga's own mark of the HTTP status of an error. `spec`: the status does not count for `application/json`. */
function httpMarkOf({ extensions: { http } }: GraphQLError) {
  return http?.status === undefined ? undefined : { status: http.status, spec: http.spec === true }
}

/** The HTTP status of a result with these errors, as Yoga finds it: the greatest of the marks that count. */
export const httpStatusOf = (errors: readonly GraphQLError[], type: AnsweredType): number =>
  errors.map(httpMarkOf).reduce((status, mark) => {
    const counts = mark !== undefined && !(mark.spec && type === 'application/json')
    return counts ? Math.max(status, mark.status) : status
  }, 200)

/**
 * A word of a message that may be a token or a secret. Messages of graphql-js quote the document; words of the schema
 * and UUIDs are shorter than this.
 */
const longWord = /([^\s"]{16})[^\s"]{25,}/g
const halfOfLongestMessage = 150

/** The start of the sentence that graphql-js adds to the message about an unknown name. */
const suggestion = ' Did you mean '

/** This is no regular expression: the quoted document may hold these words thousands of times. */
const withoutSuggestion = (message: string) =>
  message.endsWith('?') && message.includes(suggestion) ? message.slice(0, message.lastIndexOf(suggestion)) : message

/** A message of bounded length. It keeps its start, which names the fault, and its end, which gives the reason. */
function shortened(message: string): string {
  const text = message.replace(longWord, '$1…')
  const half = halfOfLongestMessage
  return text.length <= 2 * half ? text : `${text.slice(0, half)} … ${text.slice(-half)}`
}

/**
 * An error of graphql-js or Yoga as this door answers it: with a code and a number, like an outcome of an operation.
 * It takes over only the members that are named here.
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

/**
 * Marks an error of a result without `data` by its status, if Yoga has not done so. Such a result is 4xx or 5xx for
 * `application/graphql-response+json` (GraphQL over HTTP, 6.4.2). Yoga omits the mark for some errors, for example of a
 * subscription.
 */
function marked(error: GraphQLError): GraphQLError {
  if (httpMarkOf(error) !== undefined) return error
  const { extensions } = error
  return withExtensions(error, { ...extensions, http: { status: Number(extensions['status']), spec: true } })
}

function withExtensions({ message, source, positions, path }: GraphQLError, extensions: GraphQLErrorExtensions) {
  return new GraphQLError(message, {
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions,
  })
}

/** Whether an error is an outcome of an operation. It has the catalogue's number, and is sent as it is. */
const isOutcome = ({ extensions }: GraphQLError) => typeof extensions['status'] === 'number'

/** @param options.introspection false: messages do not suggest names of the schema */
export function createCompleteResult({ introspection }: { readonly introspection: boolean }): CompleteResult {
  return (result, { call, language: languageOf, onErrors }) => {
    const isWithoutData = result.data === undefined
    const language = result.errors === undefined ? null : languageOf()
    const errors = result.errors
      ?.slice(0, isWithoutData ? maxRequestErrors : undefined)
      .map((error) => (isOutcome(error) ? error : requestError(error, introspection)))
      .map((error) => (language ? withExtensions(error, localizedExtensions(error, language)) : error))
      .map((error) => (isWithoutData ? marked(error) : error))
    if (errors?.[0]) onErrors(String(errors[0].extensions['code']), language)
    return { ...result, ...(errors && { errors }), extensions: { ...result.extensions, requestId: call.requestId } }
  }
}

function withoutHttpMark(error: GraphQLError) {
  const { extensions: { http: _, ...extensions } = {}, ...rest } = error.toJSON()
  return { ...rest, extensions }
}

/** The body of an answer: a completed result without the marks for HTTP. */
export const stringifyResult = ({ errors, ...result }: ExecutionResult): string =>
  JSON.stringify({ ...(errors && { errors: errors.map(withoutHttpMark) }), ...result })
