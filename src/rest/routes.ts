import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Connection } from '../domain/connection.ts'
import { GatewayError } from '../domain/errors.ts'
import { apiKeyOf } from '../server/authentication.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { redirectUriOf } from './connection-update-body.ts'
import { addresseeOf, entrance, permitOf, type RestDoorDeps } from './door.ts'
import { expectedVersionsOf, isKnownTo, setEntityTag } from './entity-tag.ts'
import { dataEnvelope, pageEnvelope } from './envelope.ts'
import { eventRoutes } from './event-routes.ts'
import { clientsInput, connectionsInput, type GivenQuery } from './query.ts'
import * as schemas from './route-schemas.ts'
import { clientDetailsView, clientView, connectionView, refreshedConnectionView } from './views.ts'

interface WithQuery {
  Querystring: GivenQuery
}

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
 * Every route of the REST door. The hooks of a route ask for the operation's permit. Its handler runs the same
 * operation as the GraphQL field, and adds no rule of its own.
 */
export function restRoutes(app: FastifyInstance, door: RestDoorDeps): void {
  const { operations } = door
  // The schemas of routes serve the OpenAPI document only. The operation judges input, after authorization. The views
  // choose the members of an answer. For such small answers JSON.stringify is faster than a compiled serializer.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))

  const clients = '/api/clients'
  app.get<WithQuery>(
    clients,
    { onRequest: entrance(door, 'listClients'), schema: schemas.listClients },
    async (request) => {
      const page = await operations.listClients.run(permitOf(request), clientsInput(request.query))
      return pageEnvelope(addresseeOf(request), page, clientView)
    },
  )
  refuseOtherMethods(app, clients, ['GET'])

  const client = `${clients}/:id`
  app.get(client, { onRequest: entrance(door, 'readClient'), schema: schemas.readClient }, async (request) => {
    const answer = await operations.readClient.run(permitOf(request))
    return dataEnvelope(200, addresseeOf(request), clientDetailsView(found(answer)))
  })
  refuseOtherMethods(app, client, ['GET'])

  const connections = `${client}/connections`
  app.get<WithQuery>(
    connections,
    { onRequest: entrance(door, 'listClientConnections'), schema: schemas.listClientConnections },
    async (request) => {
      const [page] = await operations.listClientConnections.run([permitOf(request)], connectionsInput(request.query))
      return pageEnvelope(addresseeOf(request), found(page), connectionView)
    },
  )
  refuseOtherMethods(app, connections, ['GET'])

  const connection = `${connections}/:connection_id`
  app.get(
    connection,
    { onRequest: entrance(door, 'readClientConnection'), schema: schemas.readClientConnection },
    async (request, reply) => {
      const answer = found(await operations.readClientConnection.run(permitOf(request)))
      if (!isKnownTo(request, answer)) return answerConnection(request, reply, answer)
      setEntityTag(reply, answer)
      return reply.code(304).send()
    },
  )
  app.patch(
    connection,
    { onRequest: entrance(door, 'updateClientConnection'), schema: schemas.updateClientConnection },
    async (request, reply) => {
      const updated = await operations.updateClientConnection.run(permitOf(request), {
        expectedVersions: expectedVersionsOf(request),
        redirectUri: redirectUriOf(request.body),
      })
      return answerConnection(request, reply, updated)
    },
  )
  app.delete(
    connection,
    { onRequest: entrance(door, 'deleteClientConnection'), schema: schemas.deleteClientConnection },
    async (request, reply) => {
      await operations.deleteClientConnection.run(permitOf(request), { expectedVersions: expectedVersionsOf(request) })
      return reply.code(204).send()
    },
  )
  refuseOtherMethods(app, connection, ['GET', 'PATCH', 'DELETE'])

  const refresh = `${connection}/actions/refresh_secret`
  app.patch(
    refresh,
    { onRequest: entrance(door, 'refreshClientConnectionSecret'), schema: schemas.refreshClientConnectionSecret },
    async (request, reply) => {
      const refreshed = await operations.refreshClientConnectionSecret.run(permitOf(request), {
        apiKey: apiKeyOf(request),
        expectedVersions: expectedVersionsOf(request),
      })
      setEntityTag(reply, refreshed.connection)
      return dataEnvelope(200, addresseeOf(request), refreshedConnectionView(refreshed))
    },
  )
  refuseOtherMethods(app, refresh, ['PATCH'])
  eventRoutes(app, door)
}
