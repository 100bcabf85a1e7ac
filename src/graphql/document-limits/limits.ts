import { type DocumentNode, GraphQLError, type ParseOptions, parse, type Source } from 'graphql'

/**
 * What a document may hold. `tokens` and `lines` are of its whole text. The others are of each operation, counted
 * through fragments, once for each place where one is spread: what an executor would have to look at.
 */
export const documentLimits = {
  tokens: 1_000,
  /**
   * Each location in an error is found by going through the lines before it. A document of 1,000 tokens, one a line,
   * has half of this.
   */
  lines: 2_000,
  /**
   * Objects inside one another: what the longest path of the schema needs, from `clients` to the `caller` of a change.
   */
  depth: 10,
  aliases: 15,
  directives: 20,
  fields: 500,
  /** Of `Query`: each of its five once, and every alias used for one more. `__typename` does not count. */
  queryFields: 20,
  /** Of `Mutation`: each is a write. `__typename` does not count. */
  mutationFields: 5,
  /**
   * Of lists inside lists, if every page is full: 100 clients with 100 connections each. It makes 2 MB, and takes 200
   * ms. What has an alias is one more in each item: the same text fifteen times is fifteen times as long.
   */
  items: 11_000,
  /**
   * Members and items of variables, with all that is in them. The largest input of the schema has ten; an error quotes
   * all of its object.
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

/** The error of a document that goes beyond a limit. Programs read `extensions.exception`. */
export function beyond(limit: DocumentLimit, found?: number): GraphQLError {
  const maximum = documentLimits[limit]
  return new GraphQLError(
    `At most ${maximum} ${nouns[limit]} are allowed, this ${limit === 'values' ? 'request' : 'document'} has ${found ?? 'more'}`,
    {
      extensions: {
        code: 'GRAPHQL_VALIDATION_FAILED',
        exception: { limit, maximum },
        http: { status: 400, spec: true },
      },
    },
  )
}

/** All that graphql-js says when it has counted `maxTokens`. */
const tooManyTokens = 'Syntax Error: Document contains more that '

/**
 * graphql-js's own parser, stopped at the limits of the text. That also bounds how deep anything can be nested before
 * it is measured.
 * @throws GraphQLError for a document beyond them, or one that does not parse
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
