import { METHODS, type ServerResponse } from 'node:http'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Config } from '../config.ts'
import { GatewayError } from '../domain/errors.ts'
import type { Meter } from '../observability/meter.ts'
import { acceptJsonBodies } from './json-body.ts'
import { createRequestIds } from './request-id.ts'
import { neutraliseLine, noteStrayRefusal, observeRequests } from './request-log.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * A request target below our own address (`PUBLIC_URL`, or the address listened on; never what a request claims),
     * without its query string. An absolute-form target (RFC 9112 §3.2.2) gives its path only.
     */
    publicUrl: (target?: string) => string
  }
}

/** Answers a request that Node's parser or the router refused, so that no door saw it: status, body and headers. */
export type RenderStrayRefusal = (
  error: unknown,
  requestId: string,
  url: string,
) => { status: number; body: string; headers: Record<string, string> }

export interface HttpServerOptions {
  readonly config: Pick<Config, 'host' | 'port' | 'publicUrl' | 'trustedProxies' | 'logLevel'>
  readonly renderStrayRefusal: RenderStrayRefusal
  readonly meter: Meter
  /** Where log lines go; standard output if left out. */
  readonly logDestination?: { write(line: string): void }
}

const originOf = (host: string, port: number) => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** The box that the doors are set into: request ids, body parsing, timeouts, the log line of each request. */
export function createHttpServer({ config, renderStrayRefusal, meter, logDestination }: HttpServerOptions): FastifyInstance {
  const nextRequestId = createRequestIds()

  const app = Fastify({
    logger: {
      level: config.logLevel,
      base: null,
      hooks: { streamWrite: neutraliseLine },
      ...(logDestination && { stream: logDestination }),
    },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (request) => nextRequestId(request.headers['x-request-id']),
    // An empty list would trust nobody, too, but asks about every request.
    trustProxy: config.trustedProxies.length > 0 && [...config.trustedProxies],
    bodyLimit: 64 * 1024,
    routerOptions: { maxParamLength: 4_096 },
    exposeHeadRoutes: false,
    // Requests that arrive on a kept-alive connection while we drain are still served, and told to close.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    // Without a Host Node would answer by itself, not in the envelope.
    http: { headersTimeout: 15_000, maxHeaderSize: 16 * 1024, requireHostHeader: false },
    frameworkErrors: (error, request, reply) => {
      const { status, body, headers } = renderStrayRefusal(error, request.id, app.publicUrl(request.raw.url))
      noteStrayRefusal(request.log, meter, error, status)
      reply.raw.writeHead(status, { ...headers, 'x-request-id': request.id, 'content-type': 'application/json; charset=utf-8' }).end(body)
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
      const requestId = nextRequestId(undefined)
      const { status, body, headers } = renderStrayRefusal(error, requestId, app.publicUrl())
      noteStrayRefusal(app.log.child({ requestId }), meter, error, status)
      // What came before it on this connection is still to be answered, and ours would be taken for that answer. Node keeps the one
      // that is due here, and its own handler looks there, too.
      const { _httpMessage: due } = socket as { _httpMessage?: ServerResponse }
      if (due?.req.complete) {
        due.shouldKeepAlive = false
        return
      }
      const lines = Object.entries({ ...headers, 'x-request-id': requestId, 'content-type': 'application/json; charset=utf-8' })
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
      socket.end(`HTTP/1.1 ${status} Refused\r\n${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
    },
  })

  // Every method that Node's parser lets through, so that a known path can answer 405 to it instead of 404.
  for (const method of METHODS) if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method)

  let origin = config.publicUrl ?? originOf(config.host, config.port)
  app.addHook('onListen', (done) => {
    // PORT=0 becomes a real port only now.
    const address = app.server.address()
    if (config.publicUrl === null && typeof address === 'object' && address !== null) origin = originOf(address.address, address.port)
    done()
  })
  app.decorate('publicUrl', (target = '') => {
    const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
    return origin + (path.startsWith('/') ? path : '')
  })

  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  observeRequests(app, meter)
  // When the answer goes out, not when the request came in: what was in flight at that moment must not keep its connection either.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onRequest', ({ raw }, reply, done) => {
    // What is answered is about one caller; a conditional GET asks here again all the same.
    reply.header('cache-control', 'no-store')
    // RFC 9112 §3.2.
    const lacksHost = raw.headers.host === undefined && raw.httpVersion === '1.1'
    done(lacksHost ? new GatewayError('malformedRequest', { reason: 'a Host header is required' }) : undefined)
  })
  // An expectation other than 100-continue may be ignored (RFC 9110 §10.1.1). Node would answer it by itself.
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  acceptJsonBodies(app)
  return app
}

/** Answers every method that a path does not know with 405 and the ones it does. */
export function refuseOtherMethods(app: FastifyInstance, url: string, allowedMethods: readonly string[]): void {
  app.route({
    method: app.supportedMethods.filter((method) => !allowedMethods.includes(method)),
    url,
    schema: { hide: true },
    onRequest: (_request, _reply, done) => done(new GatewayError('methodNotAllowed', { allowedMethods })),
    handler: () => {},
  })
}
