import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Call } from '../domain/caller.ts'
import type { Connection } from '../domain/connection.ts'
import { GatewayError } from '../domain/errors.ts'
import type { Operations } from '../domain/operations.ts'
import { requiredScope } from '../domain/policy.ts'
import { callOf } from '../server/authentication.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { addresseeOf, entrance, type RestDoorDeps } from './door.ts'
import { expectedVersionsOf, isKnownTo, setEntityTag } from './entity-tag.ts'
import { dataEnvelope, pageEnvelope } from './envelope.ts'
import { type GivenQuery, selectClients, selectConnections } from './query.ts'
import * as schemas from './route-schemas.ts'
import { clientDetailsView, clientView, connectionView, refreshedConnectionView } from './views.ts'

export interface RestRoutesDeps extends RestDoorDeps {
  readonly operations: Operations
}

interface ToList {
  Querystring: GivenQuery
}
interface ToClient extends ToList {
  Params: { id: string }
}
interface ToConnection {
  Params: { id: string; connection_id: string }
}

/** The call of an operation, noted by its name for the log. */
function begin(request: FastifyRequest, operation: keyof Operations): Call {
  request.outcome.operation = operation
  return callOf(request, 'REST')
}

const keyOf = ({ id, connection_id }: ToConnection['Params']) => ({ clientId: id, connectionId: connection_id })

/** @throws GatewayError `notFound` */
function found<T>(answer: T | null | undefined): T {
  if (answer === null || answer === undefined) throw new GatewayError('notFound')
  return answer
}

function answerConnection(request: FastifyRequest, reply: FastifyReply, connection: Connection) {
  setEntityTag(reply, connection)
  return dataEnvelope(200, addresseeOf(request), connectionView(connection))
}

/** Every route of the REST door. A handler calls the very function that is the GraphQL field's resolver, and adds no rule of its own. */
export function restRoutes(app: FastifyInstance, { operations, ...door }: RestRoutesDeps): void {
  // Schemas of routes describe them to people and to OpenAPI. Input is judged by the operation, after authorization.
  app.setValidatorCompiler(() => () => true)

  const clients = '/api/clients'
  const readClients = entrance(door, requiredScope.readClient)
  app.get<ToList>(clients, { onRequest: readClients, schema: schemas.listClients }, async (request) => {
    const page = await operations.listClients(begin(request, 'listClients'), {
      order: 'INSERTED_AT_DESC',
      select: (checks) => selectClients(request.query, checks),
    })
    return pageEnvelope(addresseeOf(request), page, clientView)
  })
  refuseOtherMethods(app, clients, ['GET'])

  const client = `${clients}/:id`
  app.get<ToClient>(client, { onRequest: readClients, schema: schemas.readClient }, async (request) => {
    const answer = await operations.readClient(begin(request, 'readClient'), { clientId: request.params.id })
    return dataEnvelope(200, addresseeOf(request), clientDetailsView(found(answer)))
  })
  refuseOtherMethods(app, client, ['GET'])

  const connections = `${client}/connections`
  const readConnections = entrance(door, requiredScope.readConnection)
  app.get<ToClient>(connections, { onRequest: readConnections, schema: schemas.listConnections }, async (request) => {
    const [page] = await operations.listConnections(begin(request, 'listConnections'), {
      clientIds: [request.params.id],
      select: (checks) => selectConnections(request.query, checks),
    })
    return pageEnvelope(addresseeOf(request), found(page), connectionView)
  })
  refuseOtherMethods(app, connections, ['GET'])

  const connection = `${connections}/:connection_id`
  app.get<ToConnection>(connection, { onRequest: readConnections, schema: schemas.readConnection }, async (request, reply) => {
    const answer = found(await operations.readClientConnection(begin(request, 'readClientConnection'), keyOf(request.params)))
    if (!isKnownTo(request, answer)) return answerConnection(request, reply, answer)
    setEntityTag(reply, answer)
    return reply.code(304).send()
  })
  app.patch<ToConnection>(
    connection,
    { onRequest: entrance(door, requiredScope.updateConnection), schema: schemas.updateConnection },
    async (request, reply) => {
      const updated = await operations.updateClientConnection(begin(request, 'updateClientConnection'), {
        ...keyOf(request.params),
        document: request.body,
        expectedVersions: expectedVersionsOf(request),
      })
      return answerConnection(request, reply, updated)
    },
  )
  app.delete<ToConnection>(
    connection,
    { onRequest: entrance(door, requiredScope.deleteConnection), schema: schemas.deleteConnection },
    async (request, reply) => {
      await operations.deleteClientConnection(begin(request, 'deleteClientConnection'), {
        ...keyOf(request.params),
        expectedVersions: expectedVersionsOf(request),
      })
      return reply.code(204).send()
    },
  )
  refuseOtherMethods(app, connection, ['GET', 'PATCH', 'DELETE'])

  const refresh = `${connection}/actions/refresh_secret`
  app.patch<ToConnection>(
    refresh,
    { onRequest: entrance(door, requiredScope.refreshSecret), schema: schemas.refreshSecret },
    async (request, reply) => {
      const refreshed = await operations.refreshConnectionSecret(begin(request, 'refreshConnectionSecret'), keyOf(request.params))
      setEntityTag(reply, refreshed.connection)
      return dataEnvelope(200, addresseeOf(request), refreshedConnectionView(refreshed))
    },
  )
  refuseOtherMethods(app, refresh, ['PATCH'])
}
