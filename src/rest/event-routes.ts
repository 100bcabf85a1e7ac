import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { GatewayError } from '../domain/errors.ts'
import type { OperationName } from '../domain/operation-rules.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { membersOf } from './body-members.ts'
import { addresseeOf, entrance, permitOf, type RestDoorDeps } from './door.ts'
import { dataEnvelope, pageEnvelope } from './envelope.ts'
import * as schemas from './event-route-schemas.ts'
import { createdSubscriptionView, replayView, rotatedSubscriptionView, subscriptionView } from './event-views.ts'
import { clientIdOf, type GivenQuery, pollInput, subscriptionsPage } from './query.ts'

interface WithQuery {
  Querystring: GivenQuery
}

type Answer = (request: FastifyRequest) => Promise<object>

/** Aborted when the caller closes its connection before the answer. */
function leavingOf({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController()
  if (raw.destroyed) leaving.abort()
  else raw.once('close', () => leaving.abort())
  return leaving.signal
}

/** The routes of subscriptions to events, and the pair of routes by which an owner polls. */
export function eventRoutes(app: FastifyInstance, door: RestDoorDeps): void {
  const { operations } = door

  const subscriptions = '/api/event-subscriptions'
  app.get<WithQuery>(
    subscriptions,
    { onRequest: entrance(door, 'listEventSubscriptions', clientIdOf), schema: schemas.listEventSubscriptions },
    async (request) => {
      const page = await operations.listEventSubscriptions.run(permitOf(request), subscriptionsPage(request.query))
      return pageEnvelope(addresseeOf(request), page, subscriptionView)
    },
  )
  app.post(
    subscriptions,
    { onRequest: entrance(door, 'createEventSubscription'), schema: schemas.createEventSubscription },
    async (request, reply) => {
      const { reach, method, url, kinds } = membersOf(request.body, ['reach', 'method', 'url', 'kinds'])
      const created = await operations.createEventSubscription.run(permitOf(request), { reach, method, url, kinds })
      reply.code(201)
      return dataEnvelope(201, addresseeOf(request), createdSubscriptionView(created))
    },
  )
  refuseOtherMethods(app, subscriptions, ['GET', 'POST'])

  const subscription = `${subscriptions}/:subscription_id`
  app.get(
    subscription,
    { onRequest: entrance(door, 'readEventSubscription'), schema: schemas.readEventSubscription },
    async (request) => {
      const found = await operations.readEventSubscription.run(permitOf(request))
      if (found === null) throw new GatewayError('notFound')
      return dataEnvelope(200, addresseeOf(request), subscriptionView(found))
    },
  )
  app.delete(
    subscription,
    { onRequest: entrance(door, 'deleteEventSubscription'), schema: schemas.deleteEventSubscription },
    async (request, reply) => {
      await operations.deleteEventSubscription.run(permitOf(request))
      return reply.code(204).send()
    },
  )
  refuseOtherMethods(app, subscription, ['GET', 'DELETE'])

  /** A route that acts on a subscription and answers an object. */
  function act(name: string, operation: OperationName, schema: FastifySchema, answer: Answer): void {
    const url = `${subscription}/${name}`
    app.post(url, { onRequest: entrance(door, operation), schema }, async (request) =>
      dataEnvelope(200, addresseeOf(request), await answer(request)),
    )
    refuseOtherMethods(app, url, ['POST'])
  }

  act('verify', 'verifyEventSubscription', schemas.verifyEventSubscription, async (request) =>
    subscriptionView(await operations.verifyEventSubscription.run(permitOf(request))),
  )
  act('pause', 'pauseEventSubscription', schemas.pauseEventSubscription, async (request) =>
    subscriptionView(await operations.pauseEventSubscription.run(permitOf(request))),
  )
  act('resume', 'resumeEventSubscription', schemas.resumeEventSubscription, async (request) =>
    subscriptionView(await operations.resumeEventSubscription.run(permitOf(request))),
  )
  act('rotate-key', 'rotateEventSubscriptionKey', schemas.rotateEventSubscriptionKey, async (request) =>
    rotatedSubscriptionView(await operations.rotateEventSubscriptionKey.run(permitOf(request))),
  )
  act('replay', 'replayEvents', schemas.replayEvents, async (request) => {
    const { connection_id: connectionId, ...range } = membersOf(request.body, ['from', 'to', 'connection_id', 'after'])
    return replayView(await operations.replayEvents.run(permitOf(request), { ...range, connectionId }))
  })
  act('acknowledgements', 'acknowledgeEvents', schemas.acknowledgeEvents, async (request) => {
    const { ids } = membersOf(request.body, ['ids'])
    return { acknowledged: await operations.acknowledgeEvents.run(permitOf(request), { ids }) }
  })

  const events = `${subscription}/events`
  app.get<WithQuery>(
    events,
    { onRequest: entrance(door, 'receiveEvents'), schema: schemas.receiveEvents },
    async (request, reply) => {
      const input = { ...pollInput(request.query), signal: leavingOf(reply) }
      return dataEnvelope(200, addresseeOf(request), await operations.receiveEvents.run(permitOf(request), input))
    },
  )
  refuseOtherMethods(app, events, ['GET'])
}
