import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getOperationAST,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { defaultFirst, mostFirst } from '../domain/arguments.ts'
import { beyond, documentLimits } from './document-limits.ts'

/** Names of the fields that answer a page of a list. */
function pagedFields(schema: GraphQLSchema): ReadonlySet<string> {
  const fields = Object.values(schema.getTypeMap()).flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()) : []))
  return new Set(fields.filter(({ args }) => args.some(({ name }) => name === 'first')).map(({ name }) => name))
}

/**
 * How many items the lists of an operation hold together if every page is full. Variables are as they came: what is no number will be
 * refused for that.
 */
function mostItems(
  paged: ReadonlySet<string>,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
): number {
  const operation = getOperationAST(document, operationName)
  const fragments = new Map<string, number>()

  function numberOf(value: ValueNode | undefined): number | undefined {
    if (value?.kind === Kind.INT) return Number(value.value)
    if (value?.kind !== Kind.VARIABLE) return undefined
    const name = value.name.value
    if (!Object.hasOwn(variables, name)) {
      return numberOf(operation?.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue)
    }
    return typeof variables[name] === 'number' ? variables[name] : undefined
  }

  /**
   * The size of a page, or more: which of its arguments count depends on more than can be known here. Never below 0: a size that will be
   * refused, or whose field is skipped, takes nothing off the others.
   */
  function sizeOf({ arguments: given = [] }: FieldNode): number {
    const argument = (name: string) => given.find((node) => node.name.value === name)?.value
    const withoutLast = argument('before') ? defaultFirst : 0
    return Math.min(Math.max(0, numberOf(argument('first')) ?? defaultFirst, numberOf(argument('last')) ?? withoutLast), mostFirst)
  }

  function ofFragment(name: string): number {
    const known = fragments.get(name)
    if (known !== undefined) return known
    const items = document.definitions.reduce(
      (sum, definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name ? sum + ofSet(definition.selectionSet) : sum,
      0,
    )
    fragments.set(name, items)
    return items
  }

  function ofSelection(selection: SelectionNode): number {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value)
    const inner = selection.selectionSet ? ofSet(selection.selectionSet) : 0
    return selection.kind === Kind.FIELD && paged.has(selection.name.value) ? sizeOf(selection) * (1 + inner) : inner
  }

  const ofSet = ({ selections }: SelectionSetNode): number => selections.reduce((sum, selection) => sum + ofSelection(selection), 0)

  return operation ? ofSet(operation.selectionSet) : 0
}

/**
 * Refuses a document whose pages, one inside the other, could hold more than `documentLimits.items`: each page may be within its bounds
 * and the answer have megabytes all the same. It takes the variables to know, so this is asked when a valid document is to be executed.
 */
export function boundedAnswers(schema: GraphQLSchema): Plugin {
  const paged = pagedFields(schema)
  return {
    onExecute({ args: { document, operationName, variableValues }, setResultAndStopExecution }) {
      const items = mostItems(paged, document, operationName, variableValues ?? {})
      if (items > documentLimits.items) setResultAndStopExecution({ errors: [beyond('items', items)] })
    },
  }
}
