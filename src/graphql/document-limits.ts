import {
  type DocumentNode,
  GraphQLError,
  Kind,
  type ParseOptions,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  type Source,
} from 'graphql'

/**
 * What a document may hold. `tokens` and `lines` are of its whole text. The others are of each operation, counted through fragments,
 * once for each place where one is spread: what an executor would have to look at.
 */
export const documentLimits = {
  tokens: 1_000,
  /** Each location in an error is found by going through the lines before it. A document of 1,000 tokens, one a line, has half of this. */
  lines: 2_000,
  /** Objects inside one another: what the longest path of the schema needs, from `clients` to the `caller` of a change. */
  depth: 10,
  aliases: 15,
  directives: 20,
  fields: 500,
  /** Of `Query`: each of its five once, and every alias used for one more. `__typename` does not count. */
  queryFields: 20,
  /** Of `Mutation`: each is a write. `__typename` does not count. */
  mutationFields: 5,
  /** Of lists inside lists, if every page is full: 100 clients with 100 connections each. It makes 2 MB, and takes 200 ms. */
  items: 11_000,
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
}

/** The error of a document that goes beyond a limit. Programs read `extensions.exception`. */
export function beyond(limit: DocumentLimit, found?: number): GraphQLError {
  const maximum = documentLimits[limit]
  return new GraphQLError(`At most ${maximum} ${nouns[limit]} are allowed, this document has ${found ?? 'more'}`, {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', exception: { limit, maximum }, http: { status: 400, spec: true } },
  })
}

/** All that graphql-js says when it has counted `maxTokens`. */
const tooManyTokens = 'Syntax Error: Document contains more that '

/**
 * graphql-js's own parser, stopped at the limits of the text. That also bounds how deep anything can be nested before it is measured.
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

/** What has been counted below a selection. */
interface Size {
  readonly depth: number
  readonly aliases: number
  readonly directives: number
  readonly fields: number
  /** Fields at this very level, without `__typename`. */
  readonly level: number
}

const nothing: Size = { depth: 0, aliases: 0, directives: 0, fields: 0, level: 0 }

const together = (one: Size, other: Size): Size => ({
  depth: Math.max(one.depth, other.depth),
  aliases: one.aliases + other.aliases,
  directives: one.directives + other.directives,
  fields: one.fields + other.fields,
  level: one.level + other.level,
})

/** How deep the schema's own description may be asked into is a rule of graphql-js (`MaxIntrospectionDepthRule`), and types of types of types are many. */
const introspection = new Set(['__schema', '__type'])

/**
 * The limits that operations of a document go beyond, an error for each; empty: none. Linear in the size of the document, whatever its
 * fragments: each is measured once. One that holds itself counts as nothing inside itself, since another rule refuses it.
 */
export function exceededLimits(document: DocumentNode): GraphQLError[] {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
  const measured = new Map<string, Size>()

  function ofFragment(name: string): Size {
    const known = measured.get(name)
    if (known) return known
    measured.set(name, nothing)
    const fragment = fragments.get(name)
    if (!fragment) return nothing
    const size = together({ ...nothing, directives: fragment.directives?.length ?? 0 }, ofSet(fragment.selectionSet))
    measured.set(name, size)
    return size
  }

  function ofSelection(selection: SelectionNode): Size {
    const own = { ...nothing, directives: selection.directives?.length ?? 0 }
    if (selection.kind === Kind.FRAGMENT_SPREAD) return together(own, ofFragment(selection.name.value))
    if (selection.kind === Kind.INLINE_FRAGMENT) return together(own, ofSet(selection.selectionSet))
    const inner = selection.selectionSet ? ofSet(selection.selectionSet) : nothing
    const name = selection.name.value
    return {
      depth: selection.selectionSet && !introspection.has(name) ? inner.depth + 1 : 0,
      aliases: inner.aliases + (selection.alias ? 1 : 0),
      directives: inner.directives + own.directives,
      fields: inner.fields + 1,
      level: name === '__typename' ? 0 : 1,
    }
  }

  const ofSet = ({ selections }: SelectionSetNode): Size => selections.map(ofSelection).reduce(together, nothing)

  return document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return []
    const { depth, aliases, directives, fields, level } = ofSet(definition.selectionSet)
    const ofVariables = definition.variableDefinitions?.reduce((sum, variable) => sum + (variable.directives?.length ?? 0), 0) ?? 0
    const found: Partial<Record<DocumentLimit, number>> = {
      depth,
      aliases,
      directives: directives + (definition.directives?.length ?? 0) + ofVariables,
      fields,
      [definition.operation === 'mutation' ? 'mutationFields' : 'queryFields']: level,
    }
    return (Object.entries(found) as [DocumentLimit, number][]) // the keys are those written above
      .filter(([limit, count]) => count > documentLimits[limit])
      .map(([limit, count]) => beyond(limit, count))
  })
}
