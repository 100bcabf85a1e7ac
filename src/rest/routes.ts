import type { FastifyInstance } from 'fastify'
import type { Operations } from '../domain/operations.ts'
import { requiredScope } from '../domain/policy.ts'
import { callOf } from '../server/authentication.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { connectionView } from './connection-view.ts'
import { addresseeOf, entrance, type RestDoorDeps } from './door.ts'
import { dataEnvelope } from './envelope.ts'
import { updateConnectionRoute } from './openapi.ts'

export interface RestRoutesDeps extends RestDoorDeps {
  readonly operations: Operations
}

/** Every route of the REST door. A handler calls the very function that is the GraphQL field's resolver, and adds no rule of its own. */
export function restRoutes(app: FastifyInstance, deps: RestRoutesDeps): void {
  // Schemas of routes describe them to people and to OpenAPI. Input is judged by the operation, after authorization.
  app.setValidatorCompiler(() => () => true)

  const connection = '/api/clients/:id/connections/:connection_id'

  app.patch<{ Params: { id: string; connection_id: string } }>(
    connection,
    { onRequest: entrance(deps, requiredScope.updateConnection), schema: updateConnectionRoute },
    async (request) => {
      request.outcome.operation = 'updateClientConnection'
      const { id: clientId, connection_id: connectionId } = request.params
      const updated = await deps.operations.updateClientConnection(callOf(request, 'REST'), {
        clientId,
        connectionId,
        document: request.body,
      })
      return dataEnvelope(200, addresseeOf(request), connectionView(updated))
    },
  )
  refuseOtherMethods(app, connection, ['PATCH'])
}
