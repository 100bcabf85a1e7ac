import { Kind, type OperationDefinitionNode } from 'graphql'

/**
 * The operation's name for log, metrics and traces: that of its first root field, which the schema has given. The names
 * that stand in a document are its author's.
 */
export function nameOfOperation(operation: OperationDefinitionNode | null | undefined): string | undefined {
  const field = operation?.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD)
  return field?.name.value
}
