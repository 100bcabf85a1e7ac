import type { ObjectRef } from '@pothos/core'
import type { Page } from '../../domain/page.ts'
import type { Builder, BuilderTypes } from '../builder.ts'

export type PageInfoRef = ReturnType<typeof addPageInfo>

/** `PageInfo`, shared by all lists. */
export function addPageInfo(builder: Builder) {
  return builder.objectRef<Page<unknown>>('PageInfo').implement({
    description: 'Whether and where a list goes on.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNext', { description: 'There are items after this page.' }),
      hasPreviousPage: t.exposeBoolean('hasPrevious', {
        description: 'There are items before this page.',
      }),
      startCursor: t.string({
        nullable: true,
        description: 'Place of the first item; null on an empty page.',
        resolve: ({ items }) => items[0]?.cursor,
      }),
      endCursor: t.string({
        nullable: true,
        description: 'Place of the last item; null on an empty page.',
        resolve: ({ items }) => items.at(-1)?.cursor,
      }),
    }),
  })
}

/** `<Name>Page` and `<Name>Edge`: a part of a list. Relay's word "connection" has another meaning in this domain. */
export function addPage<Item>(
  builder: Builder,
  PageInfo: PageInfoRef,
  name: string,
  Node: ObjectRef<BuilderTypes, Item>,
) {
  const Edge = builder.objectRef<Page<Item>['items'][number]>(`${name}Edge`).implement({
    description: 'An item with its place in the list.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description: 'The place, opaque: for `after` and `before`.',
      }),
      // Pothos cannot see that `Item` is the type of `Node`.
      node: t.field({ type: Node, description: 'The item.', resolve: ({ item }) => item as never }),
    }),
  })
  return builder.objectRef<Page<Item>>(`${name}Page`).implement({
    description: 'Part of a list in a stable order.',
    fields: (t) => ({
      nodes: t.field({
        type: [Node],
        description: 'The items.',
        resolve: ({ items }) => items.map(({ item }) => item),
      }),
      edges: t.field({
        type: [Edge],
        description: 'The items with their places.',
        resolve: ({ items }) => items,
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'Whether and where the list goes on.',
        resolve: (page) => page,
      }),
      totalCount: t.int({
        description: 'How many items the whole list has under its filter. Counted only where selected.',
        // The total is null only if no selection asks for it; then this resolver does not run.
        resolve: ({ total }) => total ?? 0,
      }),
    }),
  })
}
