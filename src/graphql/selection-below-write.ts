import {
  type FieldNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionNode,
} from 'graphql'
import { getArgumentValues } from 'graphql/execution/values.js'
import type { GraphQLContext } from './context.ts'
import { guardOf, type PermitGuard } from './permit-guard.ts'

/** Whether `@skip` and `@include` let a selection be executed. */
function isExecuted(selection: SelectionNode, { variableValues }: GraphQLResolveInfo): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return true
  if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.['if'] === true) return false
  return getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.['if'] !== false
}

/** The fields that are selected directly below these nodes, including those in fragments. */
function* fieldsBelow(nodes: readonly FieldNode[], info: GraphQLResolveInfo): Generator<FieldNode> {
  const pending: SelectionNode[] = nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? [])
  for (let selection = pending.shift(); selection !== undefined; selection = pending.shift()) {
    if (!isExecuted(selection, info)) continue
    if (selection.kind === Kind.FIELD) yield selection
    else {
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? info.fragments[selection.name.value] : selection
      pending.push(...(fragment?.selectionSet.selections ?? []))
    }
  }
}

/** The guarded fields that are selected anywhere below these nodes. */
function* guardedFieldsBelow(
  nodes: readonly FieldNode[],
  returnType: GraphQLOutputType,
  info: GraphQLResolveInfo,
): Generator<{
  readonly field: GraphQLField<unknown, unknown>
  readonly node: FieldNode
  readonly guard: PermitGuard<unknown, object>
}> {
  const type = getNamedType(returnType)
  if (!isObjectType(type)) return
  const fields = type.getFields()
  for (const node of fieldsBelow(nodes, info)) {
    const field = fields[node.name.value]
    if (field === undefined) continue
    const guard = guardOf(field.extensions['pothosOptions'])
    if (guard !== undefined) yield { field, node, guard }
    if (node.selectionSet !== undefined) yield* guardedFieldsBelow([node], field.type, info)
  }
}

/**
 * Asks the guards of all fields below a mutation, and checks their arguments, before the mutation writes. A refusal
 * after the write would hide from the caller that the write is done. All these fields act on the mutation's client.
 * @throws GatewayError the first refusal
 */
export async function judgeSelection(
  info: GraphQLResolveInfo,
  { call, operations }: GraphQLContext,
  clientId: string,
): Promise<void> {
  for (const { field, node, guard } of guardedFieldsBelow(info.fieldNodes, info.returnType, info)) {
    await operations[guard.operation].permit(call, { clientId, connectionId: '', subscriptionId: '' })
    guard.check?.(getArgumentValues(field, node, info.variableValues), operations)
  }
}
