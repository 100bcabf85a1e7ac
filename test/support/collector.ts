import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { recordLog } from './recordings.ts'

/** A span as a collector gets it (OTLP/JSON), in the words of this project. */
export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** 2: server, 3: client, 1: internal. */
  readonly kind: number
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface Collector {
  readonly url: string
  readonly spans: CollectedSpan[]
  /** Every request as it came, whole. */
  readonly bodies: string[]
  /** Answers differently from now on, or, given nothing, not at all. */
  answer(listener?: RequestListener): void
  close(): Promise<void>
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface OtlpSpan extends Omit<CollectedSpan, 'attributes' | 'failed'> {
  readonly status: { readonly code?: number }
  readonly attributes: readonly Attribute[]
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

const valuesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** A collector of traces on a free port of the loopback interface, which keeps what it is sent. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const bodies: string[] = []
  let listener: RequestListener = (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      bodies.push(`${request.method} ${request.url} ${body}`)
      // What leaves the gateway has to hold as little as its log.
      recordLog(`${body}\n`)
      for (const { resource, scopeSpans } of (JSON.parse(body) as OtlpBody).resourceSpans)
        for (const { spans: sent } of scopeSpans)
          for (const { name, traceId, spanId, parentSpanId, kind, status, attributes } of sent)
            spans.push({
              ...{ name, traceId, spanId, parentSpanId, kind },
              failed: status.code === 2,
              attributes: { ...valuesOf(attributes), service: valuesOf(resource.attributes)['service.name'] },
            })
      listener(request, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    answer(next = () => {}) {
      listener = next
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
