import { isObjectType, Kind, parse, visit } from 'graphql'
import { assert, expect, test } from 'vitest'
import manifest from '../../src/client/documents/persisted-documents.json' with { type: 'json' }
import { createSchema } from '../../src/graphql/schema.ts'

const selectionsOf = (text: string, name: string) => {
  const found: string[][] = []
  visit(parse(text), {
    Field({ name: { value }, selectionSet }) {
      if (value !== name || selectionSet === undefined) return
      found.push(selectionSet.selections.flatMap((each) => (each.kind === Kind.FIELD ? [each.name.value] : [])))
    },
  })
  return found
}

// Apollo's relayStylePagination joins pages by the cursors of `edges`; with `nodes` the second page replaces the first.
test.each(Object.values(manifest))('a list of our own documents has what caches join pages by: %s', (text) => {
  for (const list of ['clients', 'connections', 'changes', 'connectionChanges'])
    for (const selected of selectionsOf(text, list)) {
      expect(selected).toEqual(expect.arrayContaining(['edges', 'pageInfo']))
      expect(selected).not.toContain('nodes')
    }
  for (const selected of selectionsOf(text, 'edges')) expect(selected.sort()).toEqual(['cursor', 'node'])
})

// Relay's store and Apollo's cache take two objects with one `id` for one object.
test('a type that shows a part of another one has no id of it', () => {
  const reference = createSchema().getType('ClientReference')
  assert(isObjectType(reference))
  expect(Object.keys(reference.getFields())).toEqual(['clientId', 'name'])
})
