import { type DocumentNode, type GraphQLError, Kind, type SelectionNode, type SelectionSetNode } from 'graphql'
import { beyond, type DocumentLimit, documentLimits } from './limits.ts'

/** The counts of a selection. */
interface Size {
  readonly depth: number
  readonly aliases: number
  readonly directives: number
  readonly fields: number
  /** Fields of the top level only, without `__typename`. */
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

/** Fields whose depth does not count: an introspection query is deep, and graphql-js has a rule for it. */
const introspection = new Set(['__schema', '__type'])

/**
 * Finds the limits that the operations of a document exceed, with an error for each. It measures each fragment once, so
 * its time is linear in the size of the document. A fragment that spreads itself counts as empty inside itself; another
 * rule refuses it.
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
    const ofVariables =
      definition.variableDefinitions?.reduce((sum, variable) => sum + (variable.directives?.length ?? 0), 0) ?? 0
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
