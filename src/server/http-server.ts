import { type IncomingMessage, METHODS } from 'node:http'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Config } from '../config/shape.ts'
import { GatewayError } from '../domain/errors.ts'
import { trustNetworks } from '../limits/network.ts'
import type { Meter } from '../observability/meter.ts'
import { createAnswersInFlight } from './answers-in-flight.ts'
import { isHost } from './host-header.ts'
import { HttpRefusal } from './http-refusals.ts'
import { acceptJsonBodies } from './json-body.ts'
import { createLingeringClose, hasMuchToCome } from './lingering-close.ts'
import type { LogDestination } from './log-destination.ts'
import { neutraliseLine } from './log-text.ts'
import { observeRequests } from './observe-requests.ts'
import { type RenderStrayRefusal, strayRequests } from './rejected-by-parser.ts'
import { createRequestIds } from './request-id.ts'
import { securityHeaders } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * A request target below our own address (`PUBLIC_URL`, or the address listened on; never what a request claims),
     * without its query string. An absolute-form target (RFC 9112 §3.2.2) gives its path only.
     */
    publicUrl: (target?: string) => string
  }
}

export interface HttpServerOptions {
  readonly config: Pick<Config, 'host' | 'port' | 'publicUrl' | 'trustedProxies' | 'logLevel'>
  readonly renderStrayRefusal: RenderStrayRefusal
  readonly meter: Meter
  /** Where log lines go; standard output if left out. */
  readonly logDestination?: LogDestination
}

const originOf = (host: string, port: number) => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** The box that the doors are set into: request ids, body parsing, timeouts, the log line of each request. */
export function createHttpServer({
  config,
  renderStrayRefusal,
  meter,
  logDestination,
}: HttpServerOptions): FastifyInstance {
  const requestIds = createRequestIds()
  const lingering = createLingeringClose()
  const answers = createAnswersInFlight()
  const headers = securityHeaders(config.publicUrl?.startsWith('https:') ?? false)

  const app: FastifyInstance = Fastify({
    logger: {
      level: config.logLevel,
      base: null,
      hooks: { streamWrite: neutraliseLine },
      ...(logDestination && { stream: logDestination }),
    },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (request) => requestIds.of(request),
    // An empty list would trust nobody, too, but asks about every request.
    trustProxy: config.trustedProxies.length > 0 && trustNetworks(config.trustedProxies),
    bodyLimit: 64 * 1024,
    // Empty segments of a path do not count, as on the platform.
    routerOptions: { maxParamLength: 4_096, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    // Requests that arrive on a kept-alive connection while we drain are still served, and told to close.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Slow callers: with their headers and bodies (checked every second), and with reading what they are answered. The
    // last is longer than any statement may take, during which a connection is silent, too.
    requestTimeout: 30_000,
    connectionTimeout: 75_000,
    keepAliveTimeout: 72_000,
    // Without a Host Node would answer by itself, not in the envelope.
    http: {
      headersTimeout: 15_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
      requireHostHeader: false,
    },
    ...strayRequests({
      render: renderStrayRefusal,
      nextRequestId: requestIds.own,
      headers,
      meter,
      lingering,
      app: () => app,
    }),
  })

  // Every method that Node's parser lets through, so that a known path can answer 405 to it instead of 404.
  for (const method of METHODS)
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method)

  let origin = config.publicUrl ?? originOf(config.host, config.port)
  app.addHook('onListen', (done) => {
    // PORT=0 becomes a real port only now.
    const address = app.server.address()
    if (config.publicUrl === null && typeof address === 'object' && address !== null)
      origin = originOf(address.address, address.port)
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
  lingering.watch(app)
  app.addHook('onRequest', answers.takeTurns)
  // After its turn has come: the answer before it may have been the last one of the connection.
  app.addHook('onRequest', ({ raw }, reply, done) => {
    if (!lingering.hasLastAnswer(raw.socket)) return done()
    reply.hijack()
    raw.socket.destroySoon()
  })
  observeRequests(app, meter)
  app.addHook('onRequest', answers.refuseAboveLimit)
  app.addHook('onSend', answers.countBytes)
  // When the answer goes out, not when the request came in: what was in flight at that moment must not keep its
  // connection either.
  app.addHook('onSend', ({ raw }, reply, payload, done) => {
    if (hasMuchToCome(raw)) reply.header('connection', 'close')
    // Fastify says so, too, after a body that it could not read.
    if (reply.getHeader('connection') === 'close') lingering.noteLastAnswer(raw.socket)
    if (closing) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onRequest', ({ raw }, reply, done) => {
    reply.headers(headers)
    // The asterisk (RFC 9112 §3.2.4) names the whole server; the router takes it for `/`.
    done(raw.url === '*' ? new GatewayError('notFound') : refusalOfMessage(raw))
  })
  // More are 431. (Node before 26 dropped them without a word, a second Authorization too.)
  app.server.maxHeadersCount = 100
  // Each costs memory, 20 kB at rest; more are closed at once.
  app.server.maxConnections = 5_000
  // An expectation other than 100-continue may be ignored (RFC 9110 §10.1.1). Node would answer both by itself, and ask
  // even strangers for their bodies.
  for (const event of ['checkExpectation', 'checkContinue'])
    app.server.on(event, (request, response) => app.routing(request, response))
  app.addHook('preParsing', ({ raw, is404 }, reply, _payload, done) => {
    // Nor is a body read for what is not there.
    if (is404) return done(new GatewayError('notFound'))
    if (raw.headers.expect?.toLowerCase() === '100-continue' && raw.httpVersion === '1.1') reply.raw.writeContinue()
    done()
  })
  acceptJsonBodies(app)
  return app
}

/** What Node's parser lets through, although two readers could read two requests in it, or send it to two hosts. */
function refusalOfMessage({ rawHeaders, httpVersion, headers }: IncomingMessage): HttpRefusal | undefined {
  const malformed = (reason: string) => new HttpRefusal('malformedRequest', { reason })
  // The syntax of HTTP/1 with the number of another version.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return malformed('only HTTP/1.0 and HTTP/1.1 are understood')
  // RFC 9112 §6.1: in HTTP/1.0 it means that the framing is faulty.
  if (httpVersion === '1.0' && headers['transfer-encoding'] !== undefined)
    return malformed('HTTP/1.0 knows no Transfer-Encoding')
  // RFC 9112 §3.2; Node keeps the first and drops the others.
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) return malformed('one Host header is required')
  return isHost(headers.host ?? '') ? undefined : malformed('the Host header names no host')
}

/** Answers every method that a path does not know with 405 and the ones it does. Fastify adds HEAD to GET. */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  methods: readonly string[],
  reason?: string,
): void {
  const allowedMethods = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  app.route({
    method: app.supportedMethods.filter((method) => !allowedMethods.includes(method)),
    url,
    schema: { hide: true },
    onRequest: (_request, _reply, done) =>
      done(new HttpRefusal('methodNotAllowed', { allowedMethods, ...(reason !== undefined && { reason }) })),
    handler: () => {},
  })
}
