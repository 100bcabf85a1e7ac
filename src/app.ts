import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import type { Authenticate } from './auth/authenticate.ts'
import documentManifest from './client/documents/persisted-documents.json' with { type: 'json' }
import { readManifests } from './config/read-manifests.ts'
import type { Config } from './config/shape.ts'
import type { ClientStore } from './domain/client.ts'
import type { ConnectionStore } from './domain/connection.ts'
import type { ConnectionHistory } from './domain/connection-change.ts'
import { createOperations } from './domain/operations.ts'
import type { EventParts } from './domain/owned-subscription.ts'
import { createPermits } from './domain/permit.ts'
import { createPolicy } from './domain/policy.ts'
import { createRedirectUriParser } from './domain/redirect-uri-parser.ts'
import { checkManifest } from './graphql/check-manifest.ts'
import { type GraphiqlPage, graphqlDoor } from './graphql/door.ts'
import { createSchema } from './graphql/schema.ts'
import type { Limits } from './limits/open-limits.ts'
import type { Meter } from './observability/meter.ts'
import { observeChanges } from './observability/observe-changes.ts'
import { traceRequests } from './observability/trace-requests.ts'
import type { Tracing } from './observability/tracing.ts'
import { renderStrayRefusal, speakEnvelope } from './rest/door.ts'
import { describeRest } from './rest/openapi.ts'
import { restRoutes } from './rest/routes.ts'
import type { ConsolePagesOptions } from './server/console-pages.ts'
import { allowOrigins } from './server/cross-origin.ts'
import { frontPage } from './server/front-page.ts'
import { healthRoutes, type ReadinessCheck } from './server/health.ts'
import { createHttpServer, refuseOtherMethods } from './server/http-server.ts'
import type { LogDestination } from './server/log-destination.ts'
import type { RefusalAhead } from './server/shedding.ts'

/** The parts of the gateway. `gateway.ts` passes the real ones, and tests pass their own. */
export interface AppDeps {
  readonly config: Config
  readonly clients: ClientStore
  readonly connections: ConnectionStore
  readonly history: ConnectionHistory
  /** null: events are off. */
  readonly events: EventParts | null
  readonly authenticate: Authenticate
  readonly limits: Pick<Limits, 'writeLimit' | 'failureLimit'>
  readonly refusalAhead: RefusalAhead
  readonly readiness: Readonly<Record<string, ReadinessCheck>>
  /** Whether readiness tells balancers to send new requests to other instances. */
  readonly isLeaving: () => boolean
  readonly meter: Meter
  /** Answers `GET /metrics`. null: this port has no metrics. */
  readonly metrics: RouteHandlerMethod | null
  /** null: no traces. */
  readonly tracing: Tracing | null
  /** null: no GraphiQL. */
  readonly graphiql: GraphiqlPage | null
  /** null: no console. */
  readonly console: ConsolePagesOptions | null
  /** Adds the development issuer's sign-in. null: there is none. */
  readonly signIn: ((app: FastifyInstance) => Promise<void>) | null
  readonly logDestination?: LogDestination
}

/**
 * The composition root: one HTTP server with two doors to the same operations. It does not listen yet, and tests use
 * `app.inject()`. The caller closes the app first and then the parts that it passed.
 */
export async function createApp(deps: AppDeps): Promise<FastifyInstance> {
  const {
    config,
    clients,
    connections,
    history,
    events,
    authenticate,
    limits,
    refusalAhead,
    readiness,
    meter,
    metrics,
    tracing,
    graphiql,
    console,
    signIn,
  } = deps
  const schema = createSchema()
  const manifest = await readManifests(config.graphql.manifests, documentManifest)
  const app = createHttpServer({
    config,
    renderStrayRefusal,
    meter,
    ...(deps.logDestination && { logDestination: deps.logDestination }),
  })
  if (tracing) traceRequests(app, tracing)
  if (config.graphql.manifests.length > 0)
    for (const refused of checkManifest(schema, manifest))
      app.log.warn(refused, 'the gateway refuses a document of GRAPHQL_MANIFESTS')
  const policy = createPolicy({
    adminClientTypes: config.adminClientTypes,
    onUnlistedType: (clientType) =>
      app.log.warn({ clientType }, 'client type is not listed: limited to its own client'),
  })
  const noteChange = observeChanges(meter, app.log)
  const operations = createOperations({
    policy,
    permits: createPermits({ policy, writeLimit: limits.writeLimit }),
    parseRedirectUri: createRedirectUriParser(config.redirectUriPolicy),
    clients,
    connections,
    history,
    events,
    onChange: ({ kind, permit: { door, requestId, caller, clientId, connectionId } }) =>
      noteChange({ kind, door, requestId, clientId: caller.clientId, connectionId, connectionClientId: clientId }),
  })

  await allowOrigins(app, config.corsOrigins, config.corsHeaders)
  // Requests to unknown paths get the envelope of the REST door.
  speakEnvelope(app)
  frontPage(app, { hasConsole: console !== null })
  healthRoutes(app, readiness, deps.isLeaving)
  if (metrics) {
    app.get('/metrics', { schema: { hide: true }, config: { probe: true } }, metrics)
    refuseOtherMethods(app, '/metrics', ['GET'])
  }
  if (console) {
    const { consolePages } = await import('./server/console-pages.ts')
    await consolePages(app, console)
  }
  await signIn?.(app)
  await app.register(async (rest) => {
    const routes = (door: FastifyInstance) =>
      restRoutes(door, { operations, authenticate, refusalAhead, failureLimit: limits.failureLimit })
    describeRest(rest, config.redirectUriPolicy, routes)
    routes(rest)
  })
  await app.register(async (graphql) =>
    graphqlDoor(graphql, {
      schema,
      operations,
      policy,
      authenticate,
      failureLimit: limits.failureLimit,
      refusalAhead,
      introspection: config.graphql.introspection,
      tracing,
      graphiql,
      persistedDocuments: { manifest, only: config.graphql.persistedOnly },
    }),
  )
  await app.ready()
  return app
}
