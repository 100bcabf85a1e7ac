import { setTimeout as delay } from 'node:timers/promises'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node'
import type { Span, Tracing } from './tracing.ts'

/** Gets the error of a failed export, at most once a minute. */
export type OnExportFailure = (error: unknown, failures: number) => void

/** The time between two reports of failed exports. */
const reportEveryMs = 60_000

/** How long the close of the gateway waits for the collector. */
const closeMs = 2_000

const exportMs = 5_000

/** The exporter, with a report of each batch that fails. */
function withFailureReports(exporter: SpanExporter, onFailure: OnExportFailure): SpanExporter {
  let failures = 0
  let reportedAt = Number.NEGATIVE_INFINITY
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code === 0) failures = 0
        else {
          failures += 1
          if (performance.now() - reportedAt >= reportEveryMs) {
            reportedAt = performance.now()
            onFailure(result.error, failures)
          }
        }
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}

function spanOf(span: SdkSpan, parent = context.active()): Span {
  const own = trace.setSpan(parent, span)
  return {
    traceId: span.spanContext().traceId,
    run: (work) => context.with(own, work),
    end({ name, attributes = {}, isFailure = false } = {}) {
      if (name !== undefined) span.updateName(name)
      span.setAttributes(attributes)
      if (isFailure) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    },
  }
}

/**
 * Sends traces to an OpenTelemetry collector, by OTLP over HTTP. At most 2,048 spans wait for it; the SDK drops further
 * ones, so a slow collector delays no request. The SDK has global state, so only one tracing may be open in a process.
 *
 * The SDK itself reads further variables: OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME and
 * OTEL_RESOURCE_ATTRIBUTES. All other variables are read by `config` only.
 * @param url base address of the collector
 */
export function openTracing(url: URL, onFailure: OnExportFailure): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${url.href.replace(/\/$/, '')}/v1/traces`, timeoutMillis: exportMs })
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'mithril-connection-gateway' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(withFailureReports(exporter, onFailure), {
        maxQueueSize: 2_048,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 2_000,
        exportTimeoutMillis: exportMs + 1_000,
      }),
    ],
  })
  provider.register()
  const tracer = provider.getTracer('mithril-connection-gateway')

  return {
    beginRequest(name, headers) {
      const parent = propagation.extract(ROOT_CONTEXT, headers)
      return spanOf(tracer.startSpan(name, { kind: SpanKind.SERVER }, parent), parent)
    },
    begin(name, attributes, asks) {
      return spanOf(
        tracer.startSpan(name, { kind: asks === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT, attributes }),
      )
    },
    async close() {
      const ended = provider.shutdown().catch(() => {}) // `onFailure` has got the error
      await Promise.race([ended, delay(closeMs, undefined, { ref: false })])
      trace.disable()
      context.disable()
      propagation.disable()
    },
  }
}
