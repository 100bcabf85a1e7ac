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
 * Decides who may read the metrics: on the main port everybody, so not in production; on `METRICS_PORT` everybody who
 * reaches that port. prom-client is loaded at the first scrape, or before that port opens: it takes a tenth of a
 * second, and brings OpenTelemetry's interfaces.
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
