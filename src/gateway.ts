import type { FastifyInstance } from 'fastify'
import { createApp } from './app.ts'
import { createAdmitCaller } from './auth/admit-caller.ts'
import { createAuthenticate } from './auth/authenticate.ts'
import { createOpaqueTokens } from './auth/opaque-tokens.ts'
import { createTokenVerifier } from './auth/verify-token.ts'
import type { Config } from './config/shape.ts'
import type { DevelopmentIssuer } from './development/issuer.ts'
import { openLimits } from './limits/open-limits.ts'
import { createMeter } from './observability/meter.ts'
import { openMetrics } from './observability/metrics.ts'
import { openDatabase } from './open-database.ts'
import { openConsole, openEventsOf, openKeys, openTracing } from './open-parts.ts'
import { createDatabase } from './persistence/pool/database.ts'
import { createSessionLimitsCheck } from './persistence/pool/session-limits.ts'
import { traceDatabase } from './persistence/pool/traced-database.ts'
import { createDatabaseReadiness, type DatabaseReadiness } from './persistence/readiness.ts'
import { createCallerRegistry } from './persistence/stores/caller-registry.ts'
import { createClientStore } from './persistence/stores/client-store.ts'
import { createConnectionHistory } from './persistence/stores/connection-history.ts'
import { createConnectionStore } from './persistence/stores/connection-store.ts'
import { createDeferredLog } from './server/deferred-log.ts'
import { watchEventLoop } from './server/event-loop.ts'
import type { LogDestination } from './server/log-destination.ts'
import { describeCause } from './server/log-text.ts'

/** A gateway with open connections, which does not listen yet. */
export interface Gateway {
  readonly app: FastifyInstance
  /** Listens on the configured address. */
  listen(): Promise<void>
  /** Present if the gateway is its own issuer. */
  readonly developmentIssuer: DevelopmentIssuer | null
  /** It holds the password, so no log may hold it. */
  readonly databaseUrl: string
  /** A text for people about the database, without the password. */
  readonly databaseDescription: string
  /** Whether the database holds the demo data of `prisma/seed.ts`. */
  readonly hasDemoData: boolean
  /** Ends readiness and continues to serve, so that balancers send new requests to other instances. */
  leave(): void
  /** Drains the app, then closes its parts. A second call returns the promise of the first. */
  close(): Promise<void>
}

/**
 * Opens the parts that a configuration names and makes the app from them. If one of them fails, it closes the parts
 * that are open.
 */
export async function openGateway(config: Config, logDestination?: LogDestination): Promise<Gateway> {
  await using opening = new AsyncDisposableStack()
  const log = createDeferredLog()
  const opened = opening.adopt(await openDatabase(config), ({ stop }) => stop())
  const { keys, developmentIssuer, ...expected } = await openKeys(config, log)
  opening.defer(() => keys.close())
  const eventLoop = opening.adopt(watchEventLoop(config.limits.eventLoopDelayMaxMs), ({ close }) => close())
  const tracing = opening.adopt(await openTracing(config, log), (traces) => traces?.close())
  const databaseOptions = {
    onIdleError: (error: Error) => log.warn({ reason: error.message }, 'an idle database connection broke'),
    pressure: eventLoop,
    isMigrationPending: () => databaseReadiness.isMigrationPending(),
  }
  const untraced = createDatabase(opened.url, config.database, databaseOptions)
  opening.defer(() => untraced.close())
  // Callers of these two wait for an answer of the registry, which is bounded, and would wait for the import as well.
  if (config.opaqueTokens || config.enforceBrokerKey) await untraced.prepare()
  const database = tracing ? traceDatabase(untraced, tracing) : untraced
  const warn = (sentence: string) => log.warn({}, sentence)
  const databaseReadiness: DatabaseReadiness = createDatabaseReadiness(database, {
    before: createSessionLimitsCheck(database.query, config.database, warn),
    opaqueTokens: config.opaqueTokens,
    events: config.events !== null,
    warn,
  })
  const openKeyed = (poolMax: number) =>
    createDatabase(opened.url, { ...config.database, poolMax }, { ...databaseOptions, isKeyed: true })
  const openedEvents = await openEventsOf(config, database, openKeyed, eventLoop, log)
  const events = opening.adopt(openedEvents, (delivery) => delivery?.close())
  const limits = opening.adopt(await openLimits(config.limits, log), (counters) => counters.close())
  const meter = createMeter()
  const sources = {
    counts: meter.counts,
    database: database.load,
    keys: keys.state,
    events: events?.counts ?? null,
  }
  const metrics = openMetrics(config, sources, (error) =>
    log.warn({ reason: describeCause(error) }, 'metrics could not be read'),
  )
  opening.defer(() => metrics.close())
  // Imported only here, because production has neither GraphiQL nor demo data.
  const page = config.graphql.introspection ? await import('./development/graphiql.ts') : null
  const graphiql = page && ((app: FastifyInstance) => page.graphiqlPage(app, developmentIssuer?.sign))
  const consoleAndSignIn = await openConsole(config, developmentIssuer)
  const registry = createCallerRegistry(database)
  const authenticate = createAuthenticate({
    verifier: createTokenVerifier({ ...expected, keys, cacheSeconds: config.tokenCacheSeconds }),
    opaqueTokens: config.opaqueTokens ? createOpaqueTokens({ registry }) : null,
    admit: createAdmitCaller({ registry, enforceBrokerKey: config.enforceBrokerKey }),
    onRefused: (reason) => meter.refused(`authentication:${reason}`),
  })

  let leaving = false
  const app = await createApp({
    config,
    clients: createClientStore(database),
    connections: createConnectionStore(database),
    history: createConnectionHistory(database),
    events,
    authenticate,
    limits,
    refusalAhead: database.refusalAhead,
    readiness: {
      keys: () => keys.state().ready,
      database: databaseReadiness.database,
      migrations: databaseReadiness.migrations,
    },
    isLeaving: () => leaving,
    meter,
    metrics: metrics.mainRoute,
    tracing,
    graphiql,
    ...consoleAndSignIn,
    ...(logDestination && { logDestination }),
  })
  log.logThrough(app)

  opening.defer(() => app.close())
  const open = opening.move()
  let closed: Promise<void> | undefined

  return {
    app,
    async listen() {
      const metricsAddress = await metrics.listen()
      if (metricsAddress !== null) app.log.info({ url: `${metricsAddress}/metrics` }, 'metrics are served')
      // After a restart all callers connect at once. Node's default backlog is 511. A client beyond it tries again only
      // after a second.
      events?.start()
      await app.listen({ host: config.host, port: config.port, backlog: 4_096 })
      // The log tells the operator at once that the database is missing. Readiness checks it again at each request.
      Promise.all([databaseReadiness.database(), databaseReadiness.migrations()])
        .then(([, isMigrated]) => {
          if (!isMigrated) log.warn({}, 'migrations are pending: npm run db:migrate')
        })
        .catch((error: unknown) => {
          if (closed !== undefined) return
          const reason = describeCause(error)
          log.warn({ reason }, 'the database cannot be used yet, and nothing can be answered without it')
        })
    },
    developmentIssuer,
    databaseUrl: opened.url,
    databaseDescription: opened.description,
    hasDemoData: config.database.url === null,
    leave() {
      leaving = true
      events?.stop()
    },
    // A signal and a failed start may both close the gateway.
    close() {
      events?.stop()
      closed ??= open.disposeAsync()
      return closed
    },
  }
}
