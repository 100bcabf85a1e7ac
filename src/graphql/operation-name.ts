import { Kind, type OperationDefinitionNode } from 'graphql'

/**
 * The name of the first root field, for the name of a span. It comes from the schema. The caller chooses the names in a
 * document.
 */
export function nameOfRootField(operation: OperationDefinitionNode | null | undefined): string | undefined {
  const field = operation?.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD)
  return field?.name.value
}
