import { type DocumentNode, GraphQLError, type ParseOptions, parse, type Source } from 'graphql'

/**
 * The limits of a document. `tokens` and `lines` bound its whole text. The others bound each operation; a fragment
 * counts once for each place that spreads it.
 */
export const documentLimits = {
  tokens: 1_000,
  /** graphql-js scans all lines before a location in an error. 1,000 tokens on a line each are within this limit. */
  lines: 2_000,
  /** Nested objects. The longest path of the schema, from `clients` to the `caller` of a change, needs as many. */
  depth: 10,
  aliases: 15,
  directives: 20,
  fields: 500,
  /** Fields of `Query`: each of its five once, and one more for every alias. `__typename` does not count. */
  queryFields: 20,
  /** Fields of `Mutation`, each of them a write. `__typename` does not count. */
  mutationFields: 5,
  /**
   * Items of nested lists if every page is full: 100 clients with 100 connections each. Such an answer has 2 MB and
   * takes 200 ms. An aliased field counts as one more in each item, because aliases can repeat a long text.
   */
  items: 11_000,
  /**
   * Members and items of variables, at all depths. The largest input of the schema has ten. An error quotes the whole
   * object.
   */
  values: 200,
} as const

export type DocumentLimit = keyof typeof documentLimits

const nouns: Readonly<Record<DocumentLimit, string>> = {
  tokens: 'tokens',
  lines: 'lines',
  depth: 'levels of nested objects',
  aliases: 'aliases',
  directives: 'directives',
  fields: 'fields',
  queryFields: 'fields of Query',
  mutationFields: 'fields of Mutation',
  items: 'items in lists',
  values: 'values in variables',
}

/** The error for a document that exceeds a limit. Programs read `extensions.exception`. */
export function beyond(limit: DocumentLimit, found?: number): GraphQLError {
  const maximum = documentLimits[limit]
  const subject = limit === 'values' ? 'request' : 'document'
  return new GraphQLError(`At most ${maximum} ${nouns[limit]} are allowed, this ${subject} has ${found ?? 'more'}`, {
    extensions: {
      code: 'GRAPHQL_VALIDATION_FAILED',
      exception: { limit, maximum },
      http: { status: 400, spec: true },
    },
  })
}

/** The limit in `extensions.exception` of an error of `beyond`. undefined: the error is another one. */
export function limitOf(exception: unknown): DocumentLimit | undefined {
  const { limit } = Object(exception) as { readonly limit?: DocumentLimit } // only `beyond` sets it
  return limit
}

/** The start of graphql-js's message for more than `maxTokens`. */
const tooManyTokens = 'Syntax Error: Document contains more that '

/**
 * Parses with graphql-js's own parser within the limits of the text. They also bound the depth of the parsed document
 * before the gateway measures it.
 * @throws GraphQLError for a document that exceeds them or does not parse
 */
export function parseWithinLimits(source: string | Source, options?: ParseOptions): DocumentNode {
  const text = typeof source === 'string' ? source : source.body
  const lines = (text.match(/\r\n|[\n\r]/g)?.length ?? 0) + 1
  if (lines > documentLimits.lines) throw beyond('lines', lines)
  try {
    return parse(source, { ...options, maxTokens: documentLimits.tokens })
  } catch (error) {
    throw error instanceof GraphQLError && error.message.startsWith(tooManyTokens) ? beyond('tokens') : error
  }
}
