import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  specifiedScalarTypes,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { createSchema } from '../../src/graphql/schema.ts'

const schema = createSchema()
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !specifiedScalarTypes.some(({ name }) => name === type.name),
)
const rootFields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) =>
  root ? Object.values(root.getFields()).map((field) => [`${root.name}.${field.name}`, field] as const) : [],
)

/** The guards that a field was declared with: Pothos keeps its options in the field's extensions. */
function guardsOf(field: GraphQLField<unknown, unknown>): unknown {
  const { authScopes } = (field.extensions['pothosOptions'] ?? {}) as { authScopes?: unknown } // the plugin's own option
  if (typeof authScopes !== 'function') return authScopes
  const ids = { clientId: 'the-client', connectionId: 'the-connection' }
  return authScopes(null, { ...ids, id: 'the-client', input: ids }, {}, {})
}

describe('every root field declares its guard', () => {
  // The ones that name no client: nothing to own.
  const free = new Map<string, unknown>([
    ['Query.viewer', { authenticated: true }],
    ['Query.clients', { $all: { authenticated: true, scope: 'client:read' } }],
  ])

  test.each(rootFields)('%s', (name, field) => {
    const guards = guardsOf(field)
    if (free.has(name)) expect(guards).toEqual(free.get(name))
    // Both in one $all: side by side they would mean any of them.
    else expect(guards).toEqual({ $all: { scope: expect.stringMatching(/^[a-z]+:[a-z_]+$/), ownClient: 'the-client' } })
  })

  test('and there are root fields to look at', () => {
    expect(rootFields.map(([name]) => name)).toEqual(
      expect.arrayContaining(['Query.viewer', 'Query.clientConnection', 'Mutation.updateClientConnection']),
    )
  })
})

describe('everything is described, and names the scope it needs', () => {
  const described = types.flatMap((type: GraphQLNamedType): [string, string | null | undefined][] => {
    const own: [string, string | null | undefined] = [type.name, type.description]
    if (isScalarType(type)) return []
    if (!isObjectType(type) && !isInputObjectType(type)) return [own]
    const fields = Object.values(type.getFields()).flatMap((field): [string, string | null | undefined][] => [
      [`${type.name}.${field.name}`, field.description],
      ...('args' in field
        ? field.args.map((arg: GraphQLArgument): [string, string | null | undefined] => [
            `${type.name}.${field.name}(${arg.name})`,
            arg.description,
          ])
        : []),
    ])
    return [own, ...fields]
  })

  test.each(described)('%s', (_name, description) => {
    expect(description).toMatch(/scope|(client|connection):[a-z_]+/)
  })
})

test('a secret is shown by one field only', () => {
  const fields = types.flatMap((type) =>
    isObjectType(type) || isInputObjectType(type)
      ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
      : [],
  )
  expect(fields.filter((name) => /\.(.*secret.*|priv.*)$/i.test(name)).sort()).toEqual([
    'Mutation.refreshClientConnectionSecret',
    'RefreshClientConnectionSecretPayload.secret',
    'Viewer.mayRefreshSecret',
  ])
})

test('nested fields that read more than their parent declare a guard of their own', () => {
  const guarded = types.flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields()).flatMap((field) =>
          field.extensions['pothosOptions'] && 'authScopes' in (field.extensions['pothosOptions'] as object)
            ? [`${type.name}.${field.name}`]
            : [],
        )
      : [],
  )
  expect(guarded).toEqual(
    expect.arrayContaining([
      'Client.connections',
      'ClientConnection.client',
      'ClientConnection.consumer',
      'ClientConnection.lastChange',
      'ClientConnection.changes',
    ]),
  )
})
