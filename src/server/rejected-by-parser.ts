import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Meter } from '../observability/meter.ts'
import { type Language, languageOf, opening } from './language.ts'
import { hasMuchToCome, type LingeringClose } from './lingering-close.ts'
import { noteRefusedMidway, noteStrayRefusal } from './observe-requests.ts'

/** Makes the answer to a request that Node's parser or the router refused, and that no door has seen. */
export type RenderStrayRefusal = (
  error: unknown,
  requestId: string,
  url: string,
  language: Language | null,
) => { status: number; body: string; headers: Record<string, string> }

/**
 * Undocumented members that Node adds to a socket: the answer that is due, and the request that its parser is reading.
 * Node's own handler of `clientError` reads them, too.
 */
interface HttpSocket {
  readonly _httpMessage?: ServerResponse | null
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
}

export interface StrayRequestsOptions {
  readonly render: RenderStrayRefusal
  readonly nextRequestId: () => string
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>
  readonly meter: Meter
  readonly lingering: LingeringClose
  /** The app. It exists only after it has been made with these handlers. */
  readonly app: () => FastifyInstance
}

/**
 * Handlers for requests that never reach Fastify's hooks. They give such requests the same envelope, headers and log
 * line as all others.
 */
export function strayRequests(
  options: StrayRequestsOptions,
): Pick<FastifyServerOptions, 'frameworkErrors' | 'clientErrorHandler'> {
  const { nextRequestId, meter, lingering, app } = options
  const answerOf = (error: unknown, requestId: string, url: string, acceptLanguage: string | undefined) => {
    const { status, body, headers } = options.render(error, requestId, url, languageOf(acceptLanguage))
    const ours = {
      'x-request-id': requestId,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    }
    return { status, body, headers: { ...options.headers, ...headers, ...ours } }
  }
  return {
    frameworkErrors: (error, request, reply) => {
      const acceptLanguage = request.headers['accept-language']
      const answer = () => {
        const { status, body, headers } = answerOf(error, request.id, app().publicUrl(request.raw.url), acceptLanguage)
        noteStrayRefusal(request.log, meter, error, status)
        const connection = hasMuchToCome(request.raw) && { connection: 'close' }
        reply.raw.writeHead(status, { ...headers, ...connection }).end(body)
      }
      // The hooks, which open languages, do not run for this request.
      const open = opening(acceptLanguage)
      if (open === undefined) answer()
      else open.then(answer, answer)
    },
    clientErrorHandler: (error, socket) => {
      if (lingering.isClosing(socket)) return
      if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
      const { _httpMessage: due, parser } = socket as HttpSocket
      // The fault is in the body of a request that has passed the hooks: that request gets the answer and the log line.
      const midway = due && !due.headersSent && !due.req.complete ? due.req.observed : undefined
      const requestId = midway?.id ?? nextRequestId()
      // Of a request that the parser refused, nobody has seen the headers.
      const acceptLanguage = midway?.headers['accept-language']
      const { status, body, headers } = answerOf(error, requestId, app().publicUrl(), acceptLanguage)
      if (midway) noteRefusedMidway(midway, error, status)
      else noteStrayRefusal(app().log.child({ requestId }), meter, error, status)
      // An earlier request on this connection still waits for its answer. The client would take ours for that answer.
      if (due?.req.complete) {
        due.shouldKeepAlive = false
        lingering.mark(socket)
        return
      }
      // The request whose body is at fault may have its answer. The client would take a second one for the next
      // request's.
      const isAnswered = due ? due.headersSent : parser?.incoming?.complete === false
      const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
      if (!isAnswered) socket.write(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body}`)
      lingering.close(socket)
    },
  }
}
