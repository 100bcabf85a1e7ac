import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNamedType,
  isInputObjectType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isScalarType,
  specifiedScalarTypes,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { operationRules } from '../../src/domain/operation-rules.ts'
import { guardOf } from '../../src/graphql/permit-guard.ts'
import { createSchema } from '../../src/graphql/schema.ts'

const schema = createSchema()
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !specifiedScalarTypes.some(({ name }) => name === type.name),
)
const rootFields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) =>
  root ? Object.values(root.getFields()).map((field) => [`${root.name}.${field.name}`, field] as const) : [],
)

/** Pothos keeps the options of a field in its extensions. */
const guardOfField = (field: GraphQLField<unknown, unknown>) => guardOf(field.extensions['pothosOptions'])

const objects = types.filter(isObjectType)
const fieldsOf = (type: GraphQLObjectType) => Object.values(type.getFields())
const guarded = objects.flatMap((type) =>
  fieldsOf(type).flatMap((field) => {
    const guard = guardOfField(field)
    return guard === undefined ? [] : [[`${type.name}.${field.name}`, guard.operation] as const]
  }),
)

test('every field that does work is guarded by the permit of its operation, and no other field is', () => {
  expect(Object.fromEntries(guarded)).toEqual({
    'Query.viewer': 'readViewer',
    'Query.client': 'readClient',
    'Query.clients': 'listClients',
    'Query.clientConnection': 'readClientConnection',
    'Query.redirectUriCheck': 'checkRedirectUri',
    'Query.consumerConnections': 'listConsumerConnections',
    'Query.eventSubscriptions': 'listEventSubscriptions',
    'Query.eventSubscription': 'readEventSubscription',
    'Mutation.updateClientConnection': 'updateClientConnection',
    'Mutation.revertClientConnection': 'revertClientConnection',
    'Mutation.refreshClientConnectionSecret': 'refreshClientConnectionSecret',
    'Mutation.deleteClientConnection': 'deleteClientConnection',
    'Mutation.createEventSubscription': 'createEventSubscription',
    'Mutation.verifyEventSubscription': 'verifyEventSubscription',
    'Mutation.rotateEventSubscriptionKey': 'rotateEventSubscriptionKey',
    'Mutation.pauseEventSubscription': 'pauseEventSubscription',
    'Mutation.resumeEventSubscription': 'resumeEventSubscription',
    'Mutation.deleteEventSubscription': 'deleteEventSubscription',
    'Mutation.replayEvents': 'replayEvents',
    'EventSubscription.deliveries': 'listEventDeliveries',
    'Client.connections': 'listClientConnections',
    'Client.connectionChanges': 'listClientChanges',
    'ClientConnection.client': 'readConnectionClient',
    'ClientConnection.consumer': 'readConnectionClient',
    'ClientConnection.lastChange': 'readLatestChange',
    'ClientConnection.changes': 'listConnectionChanges',
  })
  expect(guarded.map(([name]) => name)).toEqual(expect.arrayContaining(rootFields.map(([name]) => name)))
})

test('every operation stands behind some field, except the poll, which only REST has', () => {
  const polling = ['receiveEvents', 'acknowledgeEvents']
  const operations = new Set([...guarded.map(([, operation]) => operation), ...polling])
  expect(operations).toEqual(new Set(Object.keys(operationRules)))
})

test.each(rootFields)('%s asks for the permit on the subject of its arguments', (name, field) => {
  const key = { clientId: 'the-client', connectionId: 'the-connection' }
  const rule = operationRules[guardOfField(field)?.operation ?? 'readViewer']
  const id = rule.ofSubscription ? 'the-subscription' : 'the-client'
  const { subject } = guardOfField(field)?.(undefined, { ...key, id, input: { ...key, id } }).permit ?? {}
  const ofConnection = rule.ofClient && name !== 'Query.client' && !/event/i.test(name)
  const ofClient = rule.ofClient ? { clientId: 'the-client' } : {}
  expect(subject).toEqual(ofConnection ? key : rule.ofSubscription ? { subscriptionId: 'the-subscription' } : ofClient)
})

test('the resolver of a field without a guard reads what its parent holds', () => {
  // A resolver that worked would need a permit, and only guards have them.
  const unguarded = objects.flatMap((type) => fieldsOf(type).filter((field) => guardOfField(field) === undefined))
  const touched: string[] = []
  const context = new Proxy({}, { get: (_target, name) => void (name === 'policy' || touched.push(String(name))) })
  for (const { resolve } of unguarded) {
    try {
      resolve?.({ params: {}, items: [], violations: [], scopes: [] }, {}, context, {} as GraphQLResolveInfo)
    } catch {
      // A parent of another type.
    }
  }
  expect(unguarded.length).toBeGreaterThan(50)
  expect(touched).toEqual([])
})

describe('the payload of a write survives', () => {
  /** Every type that can be reached below the payload of a mutation. */
  function below(type: GraphQLNamedType, found = new Set<GraphQLObjectType>()): Set<GraphQLObjectType> {
    if (!isObjectType(type) || found.has(type)) return found
    found.add(type)
    for (const field of fieldsOf(type)) below(getNamedType(field.type), found)
    return found
  }
  const mutations = fieldsOf(schema.getMutationType() as GraphQLObjectType) // there is one
  const fields = mutations.flatMap((mutation) =>
    [...below(getNamedType(mutation.type))].flatMap((type) =>
      fieldsOf(type).map((field) => [`${mutation.name} … ${type.name}.${field.name}`, field] as const),
    ),
  )

  test('every mutation is nullable, so its payload survives the refusal of another one', () => {
    for (const { name, type } of mutations) expect([name, isNonNullType(type)]).toEqual([name, false])
  })

  test.each(fields)('%s has no non-null field with a guard or an argument', (_name, field) => {
    if (guardOfField(field) !== undefined || field.args.length > 0) expect(isNonNullType(field.type)).toBe(false)
  })

  test.each(fields)('the arguments below %s can be judged before the write', (_name, field) => {
    expect(guardOfField(field)?.check !== undefined).toBe(field.args.length > 0)
  })
})

describe('everything is described', () => {
  const described = types
    .filter((type) => !isScalarType(type))
    .flatMap((type: GraphQLNamedType): [string, string | null | undefined][] => [
      [type.name, type.description],
      ...(isInputObjectType(type)
        ? Object.values(type.getFields()).map(({ name, description }): [string, string | null | undefined] => [
            `${type.name}.${name}`,
            description,
          ])
        : []),
    ])
  test.each(described)('%s', (_name, description) => {
    expect(description).toMatch(/^[A-Z].*\.$/)
  })

  const fields = objects.flatMap((type) =>
    fieldsOf(type).map((field) => [`${type.name}.${field.name}`, field] as const),
  )
  test.each(fields)('%s ends with the scope of its guard, and so do its arguments', (_name, field) => {
    const guard = guardOfField(field)
    const { scope, ofClient, ofSubscription, adminOnly } =
      guard === undefined
        ? { scope: undefined, ofClient: false, ofSubscription: false, adminOnly: false }
        : operationRules[guard.operation]
    const whose = adminOnly
      ? ' and an admin type'
      : ofClient || ofSubscription
        ? '; own client only, unless the caller is of an admin type'
        : ''
    const sentence =
      scope === undefined
        ? 'No further scope.'
        : scope === null
          ? 'Needs a valid access token and no scope.'
          : `Needs the scope \`${scope}\`${whose}.`
    for (const { description } of [field, ...field.args]) {
      expect(description?.endsWith(`. ${sentence}`)).toBe(true)
      expect(description?.split(sentence)).toHaveLength(2)
    }
  })
})

test('a secret is shown only where one is made', () => {
  const fields = types.flatMap((type) =>
    isObjectType(type) || isInputObjectType(type)
      ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
      : [],
  )
  expect(fields.filter((name) => /\.(.*secret.*|priv.*)$/i.test(name)).sort()).toEqual([
    'CreateEventSubscriptionPayload.secret',
    'Mutation.refreshClientConnectionSecret',
    'RefreshClientConnectionSecretPayload.secret',
    'RotateEventSubscriptionKeyPayload.secret',
    'Viewer.mayRefreshSecret',
  ])
})
