import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { connectionUpdateSchema, type RedirectUriPolicy } from '../domain/connection-update.ts'
import { requiredScope } from '../domain/policy.ts'
import { refuseOtherMethods } from '../server/http-server.ts'

const string = { type: 'string' } as const
const uuid = { type: 'string', format: 'uuid' } as const

const meta = {
  type: 'object',
  required: ['code', 'url', 'type', 'request_id'],
  properties: {
    code: { type: 'integer', description: 'The HTTP status.' },
    url: { ...string, description: 'Address of the request, without its query string.' },
    type: { ...string, enum: ['object', 'list'] },
    request_id: { ...string, description: 'The `x-request-id` of the request, or one that was made for it.' },
  },
} as const

const connection = {
  title: 'connection',
  type: 'object',
  required: ['id', 'client_id', 'consumer_id', 'redirect_uri'],
  properties: { id: uuid, client_id: uuid, consumer_id: uuid, redirect_uri: string },
  examples: [
    {
      id: 'df9f70ee-4b12-4740-b0f5-bb5aea116863',
      client_id: 'c4a6d45f-2cf2-4e6d-909a-5962604ad63b',
      consumer_id: '25c03af6-69bd-439e-b0dd-f1669b3dbbfd',
      redirect_uri: 'https://example2.com',
    },
  ],
} as const

const errorEnvelope = {
  $id: 'error',
  title: 'error',
  type: 'object',
  required: ['meta', 'error'],
  properties: {
    meta,
    error: {
      type: 'object',
      required: ['type', 'message'],
      properties: {
        type: string,
        message: string,
        invalid: {
          type: 'array',
          description: 'Of a 422: one item for each violation.',
          items: {
            type: 'object',
            properties: {
              entry_type: string,
              entry: { ...string, description: 'JSON path of what is not valid.' },
              rules: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: {
                    rule: string,
                    description: string,
                    params: { type: 'object', additionalProperties: true },
                    raw_description: string,
                  },
                },
              },
            },
          },
        },
      },
    },
  },
} as const

const refusal = (description: string) => ({ description, $ref: 'error#' })

/** What can go wrong on every route that needs a scope. */
const commonRefusals = {
  400: refusal('The body is not UTF-8 JSON, or names a member twice'),
  401: refusal('Access denied: no valid access token'),
  403: refusal('Invalid scopes, or Forbidden: not the own client'),
  404: refusal('The client has no such connection'),
  406: refusal('The caller does not accept application/json'),
  413: refusal('The body is larger than 64 kB'),
  415: refusal('The body is not application/json in UTF-8'),
  422: refusal('Validation failed: every violation is listed'),
  500: refusal('A fault of the gateway'),
  503: refusal('Temporarily unavailable; see Retry-After'),
} as const

export const updateConnectionRoute: FastifySchema = {
  operationId: 'updateClientConnection',
  summary: 'Update client connection (API-009-001-006-0339)',
  description: `Changes the redirect URI of a connection; nothing else can be changed. Needs the scope \`${requiredScope.updateConnection}\`; a caller whose client type is not an admin type changes its own client only.`,
  tags: ['Manage client configuration'],
  security: [{ bearer: [] }],
  params: {
    type: 'object',
    required: ['id', 'connection_id'],
    properties: {
      id: { ...uuid, description: 'The client' },
      connection_id: { ...uuid, description: 'The connection; it must belong to that client' },
    },
  },
  body: { $ref: 'connection_update#' },
  response: {
    200: {
      description: 'The connection as it is now, without its secret',
      type: 'object',
      required: ['meta', 'data'],
      properties: { meta, data: connection },
    },
    ...commonRefusals,
  },
}

/** `/api/openapi.json`, and a page for people at `/api/docs` that needs no network. Register before the routes it describes. */
export async function describeRest(app: FastifyInstance, policy: RedirectUriPolicy): Promise<void> {
  app.addSchema({ $id: 'connection_update', ...connectionUpdateSchema(policy) })
  app.addSchema(errorEnvelope)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Manage client configuration',
        version: '1',
        description: "Connections of OAuth clients in Mithril, the client registry of Ukraine's national health system.",
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => (typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`),
    },
  })
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true })
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
  refuseOtherMethods(app, '/api/openapi.json', ['GET'])
}
