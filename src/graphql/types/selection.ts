import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql'

/**
 * Whether the document selects a field with such a name below the field that is being resolved, also in fragments. It
 * ignores `@skip` and `@include`.
 */
function selectsAny({ fieldNodes, fragments }: GraphQLResolveInfo, is: (name: string) => boolean): boolean {
  const within = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some((selection) => {
      if (selection.kind === 'Field') return is(selection.name.value)
      if (selection.kind === 'InlineFragment') return within(selection.selectionSet)
      return within(fragments[selection.name.value]?.selectionSet)
    }) ?? false
  return fieldNodes.some(({ selectionSet }) => within(selectionSet))
}

/** Whether the document selects this field of the object that is being resolved. */
export const selects = (info: GraphQLResolveInfo, field: string): boolean => selectsAny(info, (name) => name === field)

/** Whether the document selects no other fields than these of the object that is being resolved. */
export const selectsOnly = (info: GraphQLResolveInfo, fields: ReadonlySet<string>): boolean =>
  !selectsAny(info, (name) => !fields.has(name))
