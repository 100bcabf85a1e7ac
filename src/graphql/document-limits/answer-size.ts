import {
  type DocumentNode,
  type FieldNode,
  type GraphQLError,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isListType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { defaultFirst, mostFirst } from '../../domain/list-arguments.ts'
import { beyond, documentLimits } from './limits.ts'

/** The names of fields that return a page of a list, and of the fields that hold a page's items (`nodes`, `edges`). */
function listFields(schema: GraphQLSchema) {
  const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) ? Object.values(type.getFields()) : [],
  )
  const pages = fields.filter(({ args }) => args.some(({ name }) => name === 'first'))
  const items = pages.flatMap(({ type }) => {
    const page = getNamedType(type)
    return isObjectType(page)
      ? Object.values(page.getFields()).filter((field) => isListType(getNullableType(field.type)))
      : []
  })
  const namesOf = (of: readonly { readonly name: string }[]): ReadonlySet<string> => new Set(of.map(({ name }) => name))
  return { pages: namesOf(pages), items: namesOf(items) }
}

/**
 * Counts the items in all lists of an operation if every page is full. Each aliased field counts as one more item.
 * Variables are not checked yet; graphql-js later refuses one that is no number.
 */
function mostItems(
  { pages, items }: ReturnType<typeof listFields>,
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
      return numberOf(
        operation?.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue,
      )
    }
    return typeof variables[name] === 'number' ? variables[name] : undefined
  }

  /**
   * An upper bound of the size of a page, because the directives and the validity of its arguments are not known yet.
   * It is never below 0, so that an invalid size does not reduce the sum.
   */
  function sizeOf({ arguments: given = [] }: FieldNode): number {
    const argument = (name: string) => given.find((node) => node.name.value === name)?.value
    const withoutLast = argument('before') ? defaultFirst : 0
    return Math.min(
      Math.max(0, numberOf(argument('first')) ?? defaultFirst, numberOf(argument('last')) ?? withoutLast),
      mostFirst,
    )
  }

  function ofFragment(name: string, page: number): number {
    // One fragment may be spread into pages of different sizes.
    const key = `${page} ${name}`
    const known = fragments.get(key)
    if (known !== undefined) return known
    const found = document.definitions.reduce(
      (sum, definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name
          ? sum + ofSet(definition.selectionSet, page)
          : sum,
      0,
    )
    fragments.set(key, found)
    return found
  }

  /** @param page the size of the page whose fields these are */
  function ofSelection(selection: SelectionNode, page: number): number {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value, page)
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSet(selection.selectionSet, page)
    const { alias, name, selectionSet } = selection
    const more = alias === undefined ? 0 : 1
    if (!pages.has(name.value)) {
      const inner = more + (selectionSet ? ofSet(selectionSet, 0) : 0)
      return items.has(name.value) ? page * (1 + inner) : inner
    }
    const size = sizeOf(selection)
    // The operation reads the whole page, even if the document selects only its total.
    return more + Math.max(size, selectionSet ? ofSet(selectionSet, size) : 0)
  }

  const ofSet = ({ selections }: SelectionSetNode, page: number): number =>
    selections.reduce((sum, selection) => sum + ofSelection(selection, page), 0)

  return operation ? ofSet(operation.selectionSet, 1) : 0
}

/** Counts the members and items in a JSON value. It stops above `most`. */
function countValues(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  for (const inner of Object.values(value)) {
    count += 1 + countValues(inner, most)
    if (count > most) break
  }
  return count
}

/** The errors of an operation that may not be executed. null: it may. */
export type JudgeOperation = (operation: {
  readonly document: DocumentNode
  readonly operationName?: string | null | undefined
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined
}) => { errors: GraphQLError[] } | null

/**
 * Refuses a document whose nested pages could hold more than `documentLimits.items`: pages within their bounds can
 * still multiply to megabytes. It needs the variables, so it runs at the execution of a valid document.
 *
 * Refuses variables with more values than `documentLimits.values`, because graphql-js makes up to fifty errors of them,
 * and each quotes the whole.
 */
export function boundAnswers(schema: GraphQLSchema): JudgeOperation {
  const fields = listFields(schema)
  return ({ document, operationName, variableValues }) => {
    const values = countValues(variableValues, documentLimits.values)
    if (values > documentLimits.values) return { errors: [beyond('values')] }
    const items = mostItems(fields, document, operationName, variableValues ?? {})
    return items > documentLimits.items ? { errors: [beyond('items', items)] } : null
  }
}

/** Makes Yoga refuse the same. */
export const boundedAnswers = (judge: JudgeOperation): Plugin => ({
  onExecute({ args, setResultAndStopExecution }) {
    const refused = judge(args)
    if (refused !== null) setResultAndStopExecution(refused)
  },
})
