import { changeKinds } from '../domain/connection-change.ts'
import { challengeOutcomes } from '../domain/event-endpoints.ts'
import { eventMethods, eventReaches } from '../domain/event-subscription.ts'
import { targetLengthAtMost } from '../domain/event-target.ts'
import { polledAtMost, waitAtMostSeconds } from '../domain/event-waits.ts'
import {
  data,
  dateTime,
  integer,
  list,
  nullableString,
  nullableUuid,
  object,
  pageQuery,
  rateLimit,
  route,
  string,
  uuid,
  withBody,
} from './route-schemas.ts'

const nullableDateTime = { type: ['string', 'null'], format: 'date-time' } as const
const reach = {
  ...string,
  enum: eventReaches,
  description:
    'CLIENT: connections of the owner; CONSUMER: connections that the owner uses; ALL: every one, for admin types',
}
const method = { ...string, enum: eventMethods, description: 'PUSH: the gateway posts to `url`; POLL: the owner polls' }
const kinds = { type: 'array', items: { ...string, enum: changeKinds } } as const

const subscription = object(
  {
    id: uuid,
    client_id: uuid,
    reach,
    method,
    url: nullableString,
    kinds,
    state: { ...string, enum: ['UNVERIFIED', 'ACTIVE', 'PAUSED', 'OFF'] },
    key_rotated_at: nullableDateTime,
    failing_since: nullableDateTime,
    inserted_at: dateTime,
  },
  'event subscription',
)
const secretText = 'The signing secret. Shown here, once, and nowhere else'
const created = object({
  ...subscription.properties,
  secret: { ...nullableString, description: `${secretText}; null of POLL.` },
  challenge: {
    type: ['string', 'null'],
    enum: [...challengeOutcomes, null],
    description:
      'What became of the first challenge; null of POLL. Other than ANSWERED: mend the endpoint, then verify.',
  },
})
const rotated = object({ ...subscription.properties, secret: { ...string, description: `${secretText}.` } })

const event = {
  ...object(
    {
      specversion: { ...string, enum: ['1.0'] },
      id: { ...string, description: 'The same in every attempt, replay and poll' },
      source: string,
      type: string,
      subject: uuid,
      time: dateTime,
      datacontenttype: string,
      sequence: string,
      data: object({
        connectionId: uuid,
        clientId: uuid,
        consumerId: nullableUuid,
        version: { type: ['integer', 'null'] },
        before: nullableString,
        after: nullableString,
        door: string,
        requestId: nullableString,
      }),
    },
    'CloudEvent',
  ),
  description: 'A CloudEvent 1.0. `previous`, where it is there, names the event before of the same connection.',
}

const params = object({ subscription_id: { ...uuid, description: 'The subscription' } })

export const listEventSubscriptions = route({
  operationId: 'listEventSubscriptions',
  summary: 'Get event subscriptions',
  description: 'Subscriptions to events of changes, oldest first; for an admin type those of all clients.',
  querystring: {
    type: 'object',
    properties: { client_id: { ...string, description: 'Of this client only' }, ...pageQuery },
  },
  success: list('A page of subscriptions', subscription),
  refuses: [404, 422],
})

export const createEventSubscription = route({
  operationId: 'createEventSubscription',
  summary: 'Create an event subscription',
  description: 'Subscribes the own client to events of changes. The endpoint of PUSH is challenged at once.',
  answers: rateLimit,
  body: {
    type: 'object',
    required: ['reach', 'method'],
    properties: {
      reach,
      method,
      url: {
        type: ['string', 'null'],
        maxLength: targetLengthAtMost,
        description: 'Of PUSH: https on port 443, by the strict rules of redirect URIs',
        examples: ['https://mis.example.ua/events'],
      },
      kinds: { ...kinds, type: ['array', 'null'], minItems: 1, description: 'Every kind unless said' },
    },
  },
  success: { 201: data('The new subscription and its signing secret', created)[200] },
  refuses: [404, 409, ...withBody, 422],
})

export const readEventSubscription = route({
  operationId: 'readEventSubscription',
  summary: 'Get event subscription details',
  description: 'One subscription.',
  params,
  success: data('The subscription', subscription),
  refuses: [404],
})

export const deleteEventSubscription = route({
  operationId: 'deleteEventSubscription',
  summary: 'Delete an event subscription',
  description: 'Deletes a subscription. Its waiting events are no longer delivered.',
  answers: rateLimit,
  params,
  success: { 204: { description: 'It is gone', type: 'null' } },
  refuses: [404, ...withBody],
})

export const verifyEventSubscription = route({
  operationId: 'verifyEventSubscription',
  summary: 'Challenge the endpoint again',
  description: 'Activates a subscription once its endpoint has repeated the challenge. 422 says why it has not.',
  answers: rateLimit,
  params,
  success: data('The active subscription', subscription),
  refuses: [404, 409, ...withBody, 422],
})

export const pauseEventSubscription = route({
  operationId: 'pauseEventSubscription',
  summary: 'Pause an event subscription',
  description: 'Keeps events until the subscription is resumed.',
  answers: rateLimit,
  params,
  success: data('The paused subscription', subscription),
  refuses: [404, 409, ...withBody],
})

export const resumeEventSubscription = route({
  operationId: 'resumeEventSubscription',
  summary: 'Resume an event subscription',
  description: 'Goes on with the delivery of a paused subscription.',
  answers: rateLimit,
  params,
  success: data('The active subscription', subscription),
  refuses: [404, 409, ...withBody],
})

export const rotateEventSubscriptionKey = route({
  operationId: 'rotateEventSubscriptionKey',
  summary: 'Change the signing secret',
  description: 'Gives a PUSH subscription a new signing secret. The two before sign, too, for 24 hours.',
  answers: rateLimit,
  params,
  success: data('The subscription and its new signing secret', rotated),
  refuses: [404, 409, ...withBody],
})

export const replayEvents = route({
  operationId: 'replayEvents',
  summary: 'Deliver events again',
  description: 'Queues the events of a time, or those of a connection, anew, with the ids that they had.',
  answers: rateLimit,
  params,
  body: {
    type: 'object',
    properties: {
      from: { ...dateTime, description: 'The beginning of the time' },
      to: { ...dateTime, description: 'The end of the time, which no longer belongs to it' },
      connection_id: { ...uuid, description: 'The connection, instead of a time' },
      after: { type: ['string', 'null'], description: '`after` of the replay before, to go on in the same range' },
    },
  },
  success: data(
    'How many events are delivered again',
    object({
      queued: { ...integer, description: 'Events that were queued, without those that were waiting already' },
      has_more: { type: 'boolean', description: 'Whether there are more than one replay queues' },
      after: { ...nullableString, description: 'Goes into the next replay of the same range; null: nothing is left' },
    }),
  ),
  refuses: [404, 409, ...withBody, 422],
})

export const receiveEvents = route({
  operationId: 'receiveEvents',
  summary: 'Poll events',
  description: 'The oldest events that were not acknowledged, in order. They stay until they are acknowledged.',
  params,
  querystring: {
    type: 'object',
    properties: {
      max: { ...integer, minimum: 1, maximum: polledAtMost, default: polledAtMost },
      wait: {
        ...integer,
        minimum: 0,
        maximum: waitAtMostSeconds,
        default: 0,
        description: 'Seconds to wait for the first event, if there is none',
      },
    },
  },
  success: data('The events; empty: none waits', { type: 'array', items: event }),
  refuses: [404, 409, 422],
})

export const acknowledgeEvents = route({
  operationId: 'acknowledgeEvents',
  summary: 'Acknowledge events',
  description: 'No poll answers these events again. Ids that do not wait are no error.',
  params,
  body: object({ ids: { type: 'array', items: { ...string, examples: ['chg_17'] }, minItems: 1, maxItems: 1_000 } }),
  success: data(
    'How many of the events were waiting',
    object({ acknowledged: { ...integer, description: 'Events that were waiting' } }),
  ),
  refuses: [404, 409, ...withBody, 422],
})
