import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Connection } from '../domain/connection.ts'
import { GatewayError } from '../domain/errors.ts'
import type { Operations } from '../domain/operations.ts'
import { requiredScope } from '../domain/policy.ts'
import { callOf, repeatedAuthenticationHook } from '../server/authentication.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { addresseeOf, entrance, entranceOfWrite, type RestDoorDeps } from './door.ts'
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

/**
 * Every route of the REST door. A handler calls the very function that is the GraphQL field's resolver, and adds no
 * rule of its own.
 */
export function restRoutes(app: FastifyInstance, { operations, ...door }: RestRoutesDeps): void {
  // Schemas of routes describe them to people and to OpenAPI. Input is judged by the operation, after authorization;
  // what is shown is named by the views, and V8 writes such small answers faster than a serializer compiled from their
  // schemas.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.addHook('preValidation', repeatedAuthenticationHook(door, 'REST'))

  const clients = '/api/clients'
  app.get<ToList>(
    clients,
    { onRequest: entrance(door, 'listClients', requiredScope.readClient), schema: schemas.listClients },
    async (request) => {
      const page = await operations.listClients(callOf(request, 'REST'), {
        order: 'INSERTED_AT_DESC',
        select: (checks) => selectClients(request.query, checks),
      })
      return pageEnvelope(addresseeOf(request), page, clientView)
    },
  )
  refuseOtherMethods(app, clients, ['GET'])

  const client = `${clients}/:id`
  app.get<ToClient>(
    client,
    { onRequest: entrance(door, 'readClient', requiredScope.readClient), schema: schemas.readClient },
    async (request) => {
      const answer = await operations.readClient(callOf(request, 'REST'), { clientId: request.params.id })
      return dataEnvelope(200, addresseeOf(request), clientDetailsView(found(answer)))
    },
  )
  refuseOtherMethods(app, client, ['GET'])

  const connections = `${client}/connections`
  app.get<ToClient>(
    connections,
    { onRequest: entrance(door, 'listConnections', requiredScope.readConnection), schema: schemas.listConnections },
    async (request) => {
      const [page] = await operations.listConnections(callOf(request, 'REST'), {
        clientIds: [request.params.id],
        select: (checks) => selectConnections(request.query, checks),
      })
      return pageEnvelope(addresseeOf(request), found(page), connectionView)
    },
  )
  refuseOtherMethods(app, connections, ['GET'])

  const connection = `${connections}/:connection_id`
  app.get<ToConnection>(
    connection,
    { onRequest: entrance(door, 'readClientConnection', requiredScope.readConnection), schema: schemas.readConnection },
    async (request, reply) => {
      const answer = found(await operations.readClientConnection(callOf(request, 'REST'), keyOf(request.params)))
      if (!isKnownTo(request, answer)) return answerConnection(request, reply, answer)
      setEntityTag(reply, answer)
      return reply.code(304).send()
    },
  )
  app.patch<ToConnection>(
    connection,
    {
      onRequest: entranceOfWrite(door, 'updateClientConnection', requiredScope.updateConnection),
      schema: schemas.updateConnection,
    },
    async (request, reply) => {
      const updated = await operations.updateClientConnection(callOf(request, 'REST'), {
        ...keyOf(request.params),
        document: request.body,
        expectedVersions: expectedVersionsOf(request),
      })
      return answerConnection(request, reply, updated)
    },
  )
  app.delete<ToConnection>(
    connection,
    {
      onRequest: entranceOfWrite(door, 'deleteClientConnection', requiredScope.deleteConnection),
      schema: schemas.deleteConnection,
    },
    async (request, reply) => {
      await operations.deleteClientConnection(callOf(request, 'REST'), {
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
    {
      onRequest: entranceOfWrite(door, 'refreshConnectionSecret', requiredScope.refreshSecret),
      schema: schemas.refreshSecret,
    },
    async (request, reply) => {
      const refreshed = await operations.refreshConnectionSecret(callOf(request, 'REST'), {
        ...keyOf(request.params),
        expectedVersions: expectedVersionsOf(request),
      })
      setEntityTag(reply, refreshed.connection)
      return dataEnvelope(200, addresseeOf(request), refreshedConnectionView(refreshed))
    },
  )
  refuseOtherMethods(app, refresh, ['PATCH'])
}
