import type { FastifySchema } from 'fastify'
import { type OperationName, operationRules } from '../domain/operation-rules.ts'

// The OpenAPI description of each route. `views.ts` names the members of answers. A test compares each answer with its
// schema.

export const string = { type: 'string' } as const
export const nullableString = { type: ['string', 'null'] } as const
export const uuid = { type: 'string', format: 'uuid' } as const
export const nullableUuid = { type: ['string', 'null'], format: 'uuid' } as const
export const dateTime = { type: 'string', format: 'date-time' } as const
export const integer = { type: 'integer' } as const

export const object = <Properties extends Record<string, object>>(properties: Properties, title?: string) => ({
  ...(title !== undefined && { title }),
  type: 'object' as const,
  required: Object.keys(properties),
  properties,
})

const meta = object({
  code: { ...integer, description: 'The HTTP status.' },
  url: { ...string, description: 'Address of the request, without its query string.' },
  type: { ...string, enum: ['object', 'list'] },
  request_id: { ...string, description: 'The `x-request-id` of the request, or one that was made for it.' },
})

const paging = object({ page_number: integer, page_size: integer, total_entries: integer, total_pages: integer })

/** The specification's example. The demo data has a connection with these ids. */
const example = {
  id: 'df9f70ee-4b12-4740-b0f5-bb5aea116863',
  client_id: 'c4a6d45f-2cf2-4e6d-909a-5962604ad63b',
  consumer_id: '25c03af6-69bd-439e-b0dd-f1669b3dbbfd',
  redirect_uri: 'https://example2.com',
}
const connection = {
  ...object({ id: uuid, client_id: uuid, consumer_id: uuid, redirect_uri: string }, 'connection'),
  examples: [example],
}
const connectionWithSecret = object({
  ...connection.properties,
  secret: { ...string, description: 'Shown here, once, and nowhere else.' },
})

const clientInList = {
  id: uuid,
  name: nullableString,
  // Mithril keeps JSON of any form there.
  settings: {},
  is_blocked: { type: 'boolean' },
  block_reason: nullableString,
  user_id: nullableUuid,
  client_type_id: uuid,
  inserted_at: dateTime,
  updated_at: dateTime,
} as const
const client = object(clientInList, 'client')
const clientDetails = object({ ...clientInList, client_type_name: string }, 'client details')

const localized = {
  ...object({ locale: { ...string, enum: ['uk', 'en'] }, message: string }),
  description: 'A sentence for people, where `Accept-Language` asks for Ukrainian or English.',
}

/** The envelope of a refusal, for `addSchema`. */
export const errorSchema = {
  $id: 'Error',
  title: 'error',
  type: 'object',
  required: ['meta', 'error'],
  properties: {
    meta,
    error: {
      ...object({ type: string, message: string }),
      properties: {
        type: string,
        message: string,
        localized,
        invalid: {
          type: 'array',
          description: 'Of a 422 one item for each violation; of a 400, 406 or 415 the part of the request at fault.',
          items: {
            type: 'object',
            required: ['entry_type'],
            properties: {
              entry_type: { ...string, enum: ['json_data_property', 'query_parameter', 'header', 'request'] },
              entry: { ...string, description: 'JSON path of what is not valid, or name of the parameter or header.' },
              rules: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['rule'],
                  properties: {
                    rule: string,
                    description: string,
                    params: { type: 'object', additionalProperties: true },
                    raw_description: string,
                    localized,
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}

const refusals = {
  400: 'The request is malformed',
  401:
    'Access denied: no valid access token, a blocked client or user, or, where one is demanded, an API-key that is ' +
    'missing or unknown',
  403: 'Invalid scopes, or Forbidden: not the own client',
  404: 'There is no such client, connection or subscription; or this gateway sends no events',
  405: 'The path does not know this method; see Allow',
  406: 'The caller does not accept application/json',
  408: 'The request did not arrive in time',
  409: 'The method or the state of the subscription does not allow this, or the client owns too many',
  412: 'If-Match or If-None-Match failed: the connection has been changed by somebody else',
  413: 'The body is larger than 64 kB',
  415: 'The body is not application/json in UTF-8',
  422: 'Validation failed: every violation is listed',
  429:
    'Too many writes or waiting polls of this caller, or too many failed authentications from its address; see ' +
    'Retry-After',
  431: 'The headers are larger than 16 kB',
  500: 'A fault of the gateway',
  503: 'Temporarily unavailable; see Retry-After',
} as const

type RefusalStatus = keyof typeof refusals

const header = (description: string) => ({ type: 'string', description })
const requestId = { 'x-request-id': header('The id of the request') }
const entityTag = { etag: header('Names the state of the connection') }
export const rateLimit = {
  ratelimit: header('What is left of the limit (draft-ietf-httpapi-ratelimit-headers-11)'),
  'ratelimit-policy': header('The limit'),
}
const retryAfter = { 'retry-after': header('Seconds after which a new attempt makes sense') }
const challenge = { 'www-authenticate': header('The challenge (RFC 6750 §3)') }
const headersOfRefusal: Partial<Record<RefusalStatus, object>> = {
  401: challenge,
  403: challenge,
  405: { allow: header('The methods that the path knows') },
  412: entityTag,
  415: { accept: header('The media type that is read'), 'accept-patch': header('The same (RFC 5789 §2.2)') },
  429: { ...retryAfter, ...rateLimit },
  503: retryAfter,
}

const refusalContent = { 'application/json': { schema: { $ref: 'Error#' } } }

const always: readonly RefusalStatus[] = [400, 401, 403, 405, 406, 408, 429, 431, 500, 503]
export const withBody: readonly RefusalStatus[] = [413, 415]

const clientParams = object({ id: { ...uuid, description: 'The client', example: example.client_id } })
const connectionParams = object({
  ...clientParams.properties,
  connection_id: {
    ...uuid,
    description: 'The connection; it must belong to that client',
    example: example.id,
  },
})

export const pageQuery = {
  page: { ...integer, minimum: 1, default: 1, description: 'Past the end means the last page.' },
  page_size: { ...integer, minimum: 1, maximum: 300, default: 50, description: 'More than 300 counts as 300.' },
}

const ifMatch = {
  type: 'object',
  properties: { 'if-match': { ...string, description: 'ETag of the state that may be written over' } },
}

interface Route extends Omit<FastifySchema, 'response'> {
  readonly operationId: OperationName
  readonly description: string
  readonly success: Readonly<Record<number, object>>
  readonly refuses: readonly RefusalStatus[]
  /** Headers of a success. */
  readonly answers?: object
}

/** A route's schema. It adds the parts that every route of this door has. */
export function route({ operationId, description, success, refuses, answers: headers, ...rest }: Route): FastifySchema {
  const statuses = [...always, ...refuses].sort()
  return {
    ...rest,
    operationId,
    description:
      `${description} Needs the scope \`${operationRules[operationId].scope}\`; a caller whose client type is not an ` +
      'admin type acts on its own client only.',
    tags: ['Manage client configuration'],
    security: [{ bearer: [] }],
    response: {
      default: { description: 'Any other refusal', headers: requestId, content: refusalContent },
      ...Object.fromEntries(
        Object.entries(success).map(([status, answer]) => [
          status,
          { ...answer, headers: { ...requestId, ...headers } },
        ]),
      ),
      ...Object.fromEntries(
        statuses.map((status) => [
          status,
          {
            description: refusals[status],
            headers: { ...requestId, ...headersOfRefusal[status] },
            content: refusalContent,
          },
        ]),
      ),
    },
  }
}

export const data = (description: string, schema: object) => ({
  200: { description, ...object({ meta, data: schema }) },
})
export const list = (description: string, items: object) => ({
  200: { description, ...object({ meta, data: { type: 'array', items }, paging }) },
})

export const listClients = route({
  operationId: 'listClients',
  summary: 'Get clients',
  description:
    'Clients, newest first. Callers that may see one client only get exactly their own, whatever the filter.',
  querystring: {
    type: 'object',
    properties: {
      id: uuid,
      user_id: uuid,
      name: { ...string, description: 'Part of the name, in any case and with any apostrophe' },
      is_blocked: { type: 'boolean' },
      ...pageQuery,
    },
  },
  success: list('A page of clients', client),
  refuses: [422],
})

export const readClient = route({
  operationId: 'readClient',
  summary: 'Get client details',
  description: 'One client.',
  params: clientParams,
  success: data('The client', clientDetails),
  refuses: [404],
})

export const listClientConnections = route({
  operationId: 'listClientConnections',
  summary: 'Get client connections',
  description: "A client's connections, newest first.",
  params: clientParams,
  querystring: {
    type: 'object',
    properties: {
      consumer_id: uuid,
      redirect_uri: { ...string, description: 'Part of the redirect URI, in any case' },
      ...pageQuery,
    },
  },
  success: list('A page of connections', connection),
  refuses: [404, 422],
})

export const readClientConnection = route({
  operationId: 'readClientConnection',
  summary: 'Get client connection details',
  description: 'One connection. The ETag names its state.',
  answers: entityTag,
  params: connectionParams,
  headers: {
    type: 'object',
    properties: { 'if-none-match': { ...string, description: 'ETag that the caller has already' } },
  },
  success: {
    ...data('The connection', connection),
    304: { description: 'The caller has this state already', type: 'null' },
  },
  refuses: [404],
})

export const updateClientConnection = route({
  operationId: 'updateClientConnection',
  summary: 'Update client connection (API-009-001-006-0339)',
  description:
    'Changes the redirect URI of a connection; nothing else can be changed. The same value again writes nothing.',
  answers: { ...entityTag, ...rateLimit },
  params: connectionParams,
  headers: ifMatch,
  body: { $ref: 'connection_update#' },
  success: data('The connection as it is now, without its secret', connection),
  refuses: [404, 412, ...withBody, 422],
})

export const deleteClientConnection = route({
  operationId: 'deleteClientConnection',
  summary: 'Delete client connection',
  description: 'Deletes a connection. Its history stays.',
  answers: rateLimit,
  params: connectionParams,
  headers: ifMatch,
  success: { 204: { description: 'It is gone', type: 'null' } },
  refuses: [404, 412, ...withBody],
})

export const refreshClientConnectionSecret = route({
  operationId: 'refreshClientConnectionSecret',
  summary: 'Refresh client secret',
  description: 'Gives a connection a new secret; the old one stops working at once.',
  answers: { ...entityTag, ...rateLimit },
  params: connectionParams,
  headers: {
    type: 'object',
    properties: {
      ...ifMatch.properties,
      'api-key': {
        ...string,
        description: "Secret of one of the consumer's own connections, where the caller is not the consumer itself",
      },
    },
  },
  success: data('The connection and its new secret', connectionWithSecret),
  refuses: [404, 412, ...withBody],
})
