import { Kind, type OperationDefinitionNode } from 'graphql'

/**
 * The operation's name for log, metrics and traces: the name of its first root field. That name comes from the schema;
 * the caller chooses the names in a document.
 */
export function nameOfOperation(operation: OperationDefinitionNode | null | undefined): string | undefined {
  const field = operation?.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD)
  return field?.name.value
}
