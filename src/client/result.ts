/** What the gateway answered. `data` beside errors is what could be read in spite of them. */
export interface GatewayResult<Data> {
  readonly data: Data | null
  /** As they stand in the answer; `readErrors` makes something of them. */
  readonly errors: readonly AnsweredError[]
  /** What to tell the gateway's operators: their log has a line under it. */
  readonly requestId: string | null
  /** 200 for most refusals too; a failure's `status` says what REST would have answered. */
  readonly httpStatus: number
}

interface AnsweredError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions?: {
    readonly code?: string
    readonly status?: number
    readonly reason?: string
    readonly exception?: Exception
  }
}

/** `extensions.exception`, of which each code has one member or none. */
interface Exception {
  readonly missingAllowances?: readonly string[]
  readonly inputErrors?: readonly InputError[]
  readonly current?: ConnectionState | { readonly method: string; readonly state: string }
  readonly retryAfter?: number
}

interface ConnectionState {
  readonly version: number
  readonly redirectUri: string
  readonly updatedAt: string
}

/**
 * A violation of the input. Programs switch on `options.rule`, and on `options.params.reason` where there is one;
 * people read `message`.
 */
export interface InputError {
  readonly message: string
  /** From the input object or the arguments, for example `['redirectUri']`. */
  readonly path: readonly string[]
  readonly options: {
    /** The one rule that is broken; `rule` is the kind of it. */
    readonly id: string
    readonly rule: string
    readonly params: Readonly<Record<string, string | number>>
  }
}

/** Codes that say all with their message. */
const plainCodes = [
  'UNAUTHENTICATED',
  'NOT_FOUND',
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_DOCUMENT_REQUIRED',
  'INTERNAL_SERVER_ERROR',
] as const
type PlainCode = (typeof plainCodes)[number]

/** Why something was refused: switch on `code`, never on `message`. */
export type GatewayFailure = {
  readonly message: string
  /** The HTTP number of the outcome, whatever HTTP itself said. */
  readonly status: number
  /** Where in the answer, for example `['updateClientConnection']`; empty for the whole request. */
  readonly path: readonly (string | number)[]
  /** A word that tells refusals of one code apart, such as `events_off` of NOT_FOUND; absent where none is needed. */
  readonly reason?: string
} & (
  | { readonly code: PlainCode }
  /** The scope words that the token lacks; none: the client is not the caller's own. */
  | { readonly code: 'FORBIDDEN'; readonly missingAllowances: readonly string[] }
  | { readonly code: 'UNPROCESSABLE_ENTITY'; readonly inputErrors: readonly InputError[] }
  /** The connection as it is now: decide anew, then send its version. */
  | { readonly code: 'CONFLICT'; readonly current: ConnectionState }
  /** Seconds after which a new attempt makes sense, if that is known. */
  | { readonly code: 'SERVICE_UNAVAILABLE' | 'TOO_MANY_REQUESTS'; readonly retryAfter: number | null }
  /** A code that this client does not know, or none. CONFLICT where no connection is concerned: see `reason`. */
  | { readonly code: 'UNKNOWN'; readonly answeredCode: string | null }
)

const isPlain = (code: string | undefined): code is PlainCode => plainCodes.some((plain) => plain === code)

const isConnection = (current: Exception['current']): current is ConnectionState =>
  current !== undefined && 'version' in current

/**
 * Why a request was refused, a failure for each error of the answer; empty where nothing was refused.
 * @example
 * for (const failure of readErrors(await gateway.execute(UpdateClientConnectionDocument, { input }))) {
 *   if (failure.code !== 'UNPROCESSABLE_ENTITY') console.log(failure.code, failure.message)
 *   else for (const { path, message } of failure.inputErrors) console.log(path.join('.'), message)
 * }
 */
export function readErrors({ errors, httpStatus }: GatewayResult<unknown>): GatewayFailure[] {
  return errors.map(
    ({
      message,
      path = [],
      extensions: { code, status = httpStatus, reason, exception = {} } = {},
    }): GatewayFailure => {
      const { missingAllowances = [], inputErrors = [], current, retryAfter = null } = exception
      const failure = { message, status, path, ...(reason !== undefined && { reason }) }
      if (isPlain(code)) return { ...failure, code }
      if (code === 'FORBIDDEN') return { ...failure, code, missingAllowances }
      if (code === 'UNPROCESSABLE_ENTITY') return { ...failure, code, inputErrors }
      if (code === 'CONFLICT' && isConnection(current)) return { ...failure, code, current }
      if (code === 'SERVICE_UNAVAILABLE' || code === 'TOO_MANY_REQUESTS') return { ...failure, code, retryAfter }
      return { ...failure, code: 'UNKNOWN', answeredCode: code ?? null }
    },
  )
}

/**
 * Reads the text of a response.
 * @throws Error for what is no answer of GraphQL, such as the page of a proxy
 */
export function parseAnswer<Data>(text: string, { status, headers, url }: Response): GatewayResult<Data> {
  // The gateway's own shape, which the tests of this client hold it to; anything else is told by its lack of data and
  // errors.
  const answer = parseJson(text) as Partial<GatewayResult<Data>> & {
    readonly extensions?: { readonly requestId?: string }
  }
  const { data = null, errors = [], extensions } = answer ?? {}
  if (!Array.isArray(errors) || (data === null && errors.length === 0))
    throw new Error(
      `No GraphQL answer from ${url}: HTTP ${status}, ${headers.get('content-type') ?? 'no content type'}`,
    )
  return { data, errors, requestId: extensions?.requestId ?? headers.get('x-request-id'), httpStatus: status }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
