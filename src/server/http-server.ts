import { type IncomingMessage, METHODS } from 'node:http'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Config } from '../config/shape.ts'
import { GatewayError } from '../domain/errors.ts'
import { trustNetworks } from '../limits/network.ts'
import type { Meter } from '../observability/meter.ts'
import { createAnswersInFlight } from './answers-in-flight.ts'
import { isHost } from './host-header.ts'
import { type HttpReason, HttpRefusal } from './http-refusals.ts'
import { acceptJsonBodies } from './json-body.ts'
import { openLanguages } from './language.ts'
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
     * The address of a request target, without its query string. It begins with `PUBLIC_URL`, or with the address that
     * the server listens on, and never with a host that a request claims.
     * @param target a path, or an absolute-form target (RFC 9112 §3.2.2), of which only the path counts
     */
    publicUrl: (target?: string) => string
  }
}

export interface HttpServerOptions {
  readonly config: Pick<Config, 'host' | 'port' | 'publicUrl' | 'trustedProxies' | 'logLevel'>
  readonly renderStrayRefusal: RenderStrayRefusal
  readonly meter: Meter
  /** The destination of log lines; standard output by default. */
  readonly logDestination?: LogDestination
}

const originOf = (host: string, port: number) => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** The router ignores empty segments of a path, as the platform does. */
export const routerOptions = { maxParamLength: 4_096, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }

/** Makes the HTTP server without the doors: request ids, body parsing, timeouts, the log line of each request. */
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
    // false is faster than an empty list: Fastify would ask the function for every request.
    trustProxy: config.trustedProxies.length > 0 && trustNetworks(config.trustedProxies),
    bodyLimit: 64 * 1024,
    routerOptions,
    // While the gateway drains, it still serves requests on kept-alive connections, with `Connection: close`.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Limits for slow clients. Node checks the times of headers and bodies every second. `connectionTimeout` bounds a
    // silent connection, and is longer than any statement, because a connection is silent during one.
    requestTimeout: 30_000,
    connectionTimeout: 75_000,
    keepAliveTimeout: 72_000,
    // Otherwise Node itself would answer a request without a Host header, not in the envelope.
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

  // Fastify learns every method of Node's parser, so that a known path answers 405 to it and not 404.
  for (const method of METHODS)
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method)

  let origin = config.publicUrl ?? originOf(config.host, config.port)
  app.addHook('onListen', (done) => {
    // With PORT=0 the operating system has chosen the port by now.
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
  // This hook runs after the request's turn has come, because the answer before it may be the connection's last.
  app.addHook('onRequest', ({ raw }, reply, done) => {
    if (!lingering.hasLastAnswer(raw.socket)) return done()
    reply.hijack()
    raw.socket.destroySoon()
  })
  observeRequests(app, meter)
  openLanguages(app)
  app.addHook('onRequest', answers.refuseAboveLimit)
  app.addHook('onSend', answers.countBytes)
  // The hook reads `closing` when it sends the answer: a request that began before the close must not keep its
  // connection either.
  app.addHook('onSend', ({ raw }, reply, payload, done) => {
    if (hasMuchToCome(raw)) reply.header('connection', 'close')
    // Fastify sets the same header after a body that it could not read.
    if (reply.getHeader('connection') === 'close') lingering.noteLastAnswer(raw.socket)
    if (closing) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onRequest', ({ raw }, reply, done) => {
    reply.headers(headers)
    // The target `*` (RFC 9112 §3.2.4) names the whole server, but the router reads it as `/`.
    const refusal = raw.url === '*' ? new GatewayError('notFound') : refusalOfMessage(raw)
    if (refusal?.refusal === 'headersTooLarge') reply.header('connection', 'close')
    done(refusal)
  })
  // Node 24 drops the headers beyond its limit without a word, even a second Authorization. So Node has no limit here,
  // and `refusalOfMessage` counts.
  app.server.maxHeadersCount = 0
  // An idle connection takes 20 kB of memory. Node closes further connections at once.
  app.server.maxConnections = 5_000
  // Node would answer an `Expect` header by itself, and ask even unauthenticated clients for their bodies. RFC 9110
  // §10.1.1 allows a server to ignore any expectation except 100-continue.
  for (const event of ['checkExpectation', 'checkContinue'])
    app.server.on(event, (request, response) => app.routing(request, response))
  app.addHook('preParsing', ({ raw, is404 }, reply, _payload, done) => {
    // Do not read the body of a request to an unknown path.
    if (is404) return done(new GatewayError('notFound'))
    if (raw.headers.expect?.toLowerCase() === '100-continue' && raw.httpVersion === '1.1') reply.raw.writeContinue()
    done()
  })
  acceptJsonBodies(app)
  return app
}

/** Headers of a request, which all together have 16 kB. */
const headersAtMost = 100

/** Refuses messages that Node's parser accepts, but that a proxy may frame or route in another way. */
function refusalOfMessage({ rawHeaders, httpVersion, headers }: IncomingMessage): HttpRefusal | undefined {
  if (rawHeaders.length > 2 * headersAtMost) return new HttpRefusal('headersTooLarge')
  const malformed = (reason: HttpReason) => new HttpRefusal('malformedRequest', { reason })
  // Node's parser accepts other version numbers with the syntax of HTTP/1.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return malformed('http_version')
  // RFC 9112 §6.1: such a message has faulty framing.
  if (httpVersion === '1.0' && headers['transfer-encoding'] !== undefined) return malformed('transfer_encoding')
  // RFC 9112 §3.2 wants one Host. `headers` holds the first only, because Node drops the others.
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) return malformed('host_header')
  return isHost(headers.host ?? '') ? undefined : malformed('host_name')
}

/** Answers 405 with `Allow` to every method that a path does not know. Fastify adds HEAD to GET. */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  methods: readonly string[],
  reason?: HttpReason,
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
