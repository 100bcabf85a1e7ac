import type { FastifyInstance } from 'fastify'
import { createKeySet } from './auth/key-set.ts'
import { createStaticKeySet } from './auth/static-key-set.ts'
import { inRootFolder } from './config/root-folder.ts'
import type { Config } from './config/shape.ts'
import type { DevelopmentIssuer } from './development/issuer.ts'
import type { Tracing } from './observability/tracing.ts'
import { createAdmission, type Pressure } from './persistence/pool/admission.ts'
import type { Database } from './persistence/pool/database.ts'
import type { DeferredLog } from './server/deferred-log.ts'
import { describeCause } from './server/log-text.ts'

// The parts of the gateway that only some configurations have, or have in another form.

/** The keys that verify tokens: of the configured issuer, or of the development issuer. */
export async function openKeys({ token, dataDir }: Config, log: DeferredLog) {
  if (token !== null) {
    const keys = createKeySet({ url: token.jwksUrl, limits: { staleSeconds: token.staleSeconds }, log })
    keys.start()
    return {
      keys,
      developmentIssuer: null,
      issuer: token.issuer,
      audience: token.audience,
      algorithms: token.algorithms,
    }
  }
  const { openDevelopmentIssuer } = await import('./development/issuer.ts')
  const developmentIssuer = await openDevelopmentIssuer(dataDir)
  const { issuer, audience, jwks } = developmentIssuer
  return { keys: await createStaticKeySet(jwks), developmentIssuer, issuer, audience, algorithms: ['ES256'] }
}

/** Where `npm run build:console` writes. */
const consoleDirectory = inRootFolder('dist/console/')

/** The console with the configured issuer, or with the development issuer, which production never imports. */
export async function openConsole(config: Config, developmentIssuer: DevelopmentIssuer | null) {
  const { console } = config
  if (console !== null) return { console: { directory: consoleDirectory, configOf: () => console }, signIn: null }
  if (developmentIssuer === null) return { console: null, signIn: null }
  const { consoleConfigOf, signInRoutes } = await import('./development/sign-in/routes.ts')
  const options = { signingKey: developmentIssuer.signingKey, tokenSeconds: config.developmentTokenSeconds }
  return {
    console: { directory: consoleDirectory, configOf: consoleConfigOf },
    signIn: (app: FastifyInstance) => signInRoutes(app, options),
  }
}

/** Imports OpenTelemetry only if the configuration names a collector. */
export async function openTracing({ tracesUrl }: Config, log: DeferredLog): Promise<Tracing | null> {
  if (tracesUrl === null) return null
  const otlp = await import('./observability/otlp.ts')
  return otlp.openTracing(tracesUrl, (error, failures) =>
    log.warn({ reason: describeCause(error), failures }, 'traces could not be sent to the collector'),
  )
}

/** Connections that deliver events. Requests have their own. */
const eventConnections = 4

/** Polls and acknowledgements that ask the database. One look of `event-waits.ts` ends 500 waits at most. */
const pollTurns = { insideAtMost: 4, waitingAtMost: 500, waitAtMostMs: 3_000 } as const

/**
 * Opens the delivery of events and its store, and imports them only if the configuration has events on.
 * @param database Runs the requests.
 * @param open Opens a pool of this number of connections for the delivery.
 */
export async function openEventsOf(
  { events, adminClientTypes }: Config,
  database: Database,
  open: (poolMax: number) => Database,
  pressure: Pressure,
  log: DeferredLog,
) {
  if (events === null) return null
  const [{ openEvents }, { createEventWaits }, { createDeliveryQueue }, { createSubscriptionStore }] =
    await Promise.all([
      import('./events/open-events.ts'),
      import('./events/event-waits.ts'),
      import('./persistence/events/delivery-queue.ts'),
      import('./persistence/events/subscription-store.ts'),
    ])
  const own = open(eventConnections)
  const opened = await openEvents(events, createDeliveryQueue(own, adminClientTypes), log)
  const subscriptions = createSubscriptionStore(database)
  const turns = createAdmission({ ...pollTurns, pressure })
  const waits = createEventWaits({ ready: subscriptions.ready, turns })
  return {
    ...opened,
    subscriptions,
    waits,
    stop() {
      opened.stop()
      waits.stop()
    },
    async close() {
      await opened.close()
      await own.close()
    },
  }
}
