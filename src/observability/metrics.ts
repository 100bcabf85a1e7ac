import type { RouteHandlerMethod } from 'fastify'
import type { Config } from '../config/shape.ts'
import type { Exposition, MetricSources } from './exposition.ts'
import { createMetricsServer, scrapeHandler } from './metrics-server.ts'

/** The places where the metrics are served. */
export interface Metrics {
  /** The route on the main port; null in production, or if the metrics have a port of their own. */
  readonly mainRoute: RouteHandlerMethod | null
  /** Opens the port of the metrics, if one is configured, and answers its address. */
  listen(): Promise<string | null>
  close(): Promise<void>
}

/**
 * Decides where the metrics are served: on `METRICS_PORT`, or else on the main port, but not there in production.
 * Everybody who reaches the port may read them. The gateway loads prom-client at the first scrape, or before
 * `METRICS_PORT` opens, because that takes a tenth of a second.
 */
export function openMetrics(
  { host, metricsPort, production }: Pick<Config, 'host' | 'metricsPort' | 'production'>,
  sources: MetricSources,
  onFault: (error: unknown) => void,
): Metrics {
  let opened: Promise<Exposition> | undefined
  const exposition = () => {
    opened ??= import('./exposition.ts').then(({ createExposition }) => createExposition(sources))
    return opened
  }
  const server = metricsPort === null ? null : createMetricsServer(exposition, onFault)
  return {
    mainRoute: server === null && !production ? scrapeHandler(exposition) : null,
    async listen() {
      if (server === null || metricsPort === null) return null
      await exposition()
      return server.listen({ host, port: metricsPort })
    },
    async close() {
      await server?.close()
      ;(await opened)?.close()
    },
  }
}
