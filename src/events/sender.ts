import { lookup as resolveHost } from 'node:dns'
import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { eventTargetViolations, type TargetAddresses } from '../domain/event-target.ts'
import { codeOf } from '../system-error.ts'

/** The reason why an attempt has no answer, a word for programs and the log. */
export type SendFailureReason = 'address' | 'timeout' | 'name' | 'tls' | 'connection' | 'stopped'

/** An attempt without an answer. Its message has no part of the target. */
export class SendFailure extends Error {
  override readonly name = 'SendFailure'
  readonly reason: SendFailureReason

  constructor(reason: SendFailureReason, cause?: unknown) {
    super(`the event was not sent: ${reason}`, { cause })
    this.reason = reason
  }
}

/** An idle connection that the endpoint has just closed. It says nothing about the endpoint. */
class StaleConnection extends SendFailure {}

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** The first bytes of the body, at most 1 kB. The gateway shows them to nobody. */
  readonly body: string
}

export const isSuccess = ({ status }: Answer): boolean => status >= 200 && status < 300

/** Posts texts to the endpoints of owners. */
export interface Sender {
  /** @throws SendFailure if there is no answer within the time */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Answer>
  /** Ends all attempts, and closes idle connections. */
  close(): void
}

export interface SenderOptions {
  readonly addresses: TargetAddresses
  /** Finds the addresses of a name, as `dns.lookup` does. */
  readonly resolve?: typeof resolveHost
  /** The time for the whole attempt: name, connection, TLS, request and answer. */
  readonly timeoutMs?: number
}

/** Standard Webhooks 1.0 recommends 15 to 30 s. */
const timeoutByDefaultMs = 15_000

/** Bytes of an answer that the gateway reads. It closes the connection of a longer answer. */
const answerBytesAtMost = 1_024

/** Connections to one endpoint, and the time that an idle one stays open. */
const connections = { keepAlive: true, maxSockets: 64, maxFreeSockets: 16, timeout: 30_000 } as const

/** Idle connections in a row that may be closed already. */
const staleAtMost = 3

const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/

class RefusedAddress extends Error {
  readonly code = 'ERR_REFUSED_ADDRESS'
}

function reasonOf(error: unknown): SendFailureReason {
  if (error instanceof RefusedAddress) return 'address'
  const code = String(codeOf(error) ?? '')
  if (/^(ENOTFOUND|EAI_)/.test(code)) return 'name'
  return tlsCode.test(code) ? 'tls' : 'connection'
}

/**
 * Resolves a name for a new connection and refuses it if one of its addresses is not allowed. The socket connects to
 * the addresses of this answer, so a name that changes its address between check and use gains nothing.
 */
function checkedLookup({ isAllowed }: TargetAddresses, resolve: typeof resolveHost): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, [])
      if (found.length === 0 || !found.every(({ address }) => isAllowed(address)))
        return done(new RefusedAddress('an address of the name is not allowed'), [])
      if (options.all) return done(null, found)
      done(null, found[0]?.address ?? '', found[0]?.family ?? 4)
    })
  }
}

/** Makes the sender. It follows no redirect, uses no proxy, and offers no client certificate. */
export function createSender({
  addresses,
  resolve = resolveHost,
  timeoutMs = timeoutByDefaultMs,
}: SenderOptions): Sender {
  const lookup = checkedLookup(addresses, resolve)
  const tlsAgent = new https.Agent({ ...connections, lookup, rejectUnauthorized: true, minVersion: 'TLSv1.2' })
  const plainAgent = new http.Agent({ ...connections, lookup })
  const running = new Set<(failure: SendFailure) => void>()

  /** Reads a target. Node asks `lookup` for names only, so a literal address is judged here. */
  function targetOf(url: string): URL {
    if (eventTargetViolations(url, addresses).length > 0 || !URL.canParse(url)) throw new SendFailure('address')
    const target = new URL(url)
    const host = target.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !addresses.isAllowed(host)) throw new SendFailure('address')
    return target
  }

  function send(target: URL, options: RequestOptions, body: string, withinMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const [library, agent] = target.protocol === 'https:' ? [https, tlsAgent] : [http, plainAgent]
      const request = library.request(target, { ...options, agent })
      let answered: IncomingMessage | undefined
      let text = ''
      const settle = (failure?: SendFailure) => {
        clearTimeout(timer)
        running.delete(fail)
        if (answered?.statusCode === undefined) return reject(failure ?? new SendFailure('connection'))
        resolve({ status: answered.statusCode, retryAfter: answered.headers['retry-after'], body: text })
      }
      const fail = (failure: SendFailure) => {
        settle(failure)
        request.destroy()
      }
      const timer = setTimeout(() => fail(new SendFailure('timeout')), withinMs)
      running.add(fail)
      request.on('error', (error) => {
        const isStale = request.reusedSocket && codeOf(error) === 'ECONNRESET' && answered === undefined
        settle(isStale ? new StaleConnection('connection', error) : new SendFailure(reasonOf(error), error))
      })
      request.on('response', (response) => {
        answered = response
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1', 0, answerBytesAtMost - bytes)
          bytes += chunk.length
          if (bytes < answerBytesAtMost) return
          settle()
          request.destroy()
        })
        response.on('close', () => settle())
      })
      request.end(body)
    })
  }

  return {
    async post(url, headers, body) {
      const target = targetOf(url)
      const options = { method: 'POST', headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } }
      // One time for all connections: an endpoint may keep each of them for a while and then close it.
      const until = performance.now() + timeoutMs
      for (let left = staleAtMost; ; left--)
        try {
          return await send(target, options, body, until - performance.now())
        } catch (error) {
          if (left === 0 || !(error instanceof StaleConnection)) throw error
        }
    },
    close() {
      for (const fail of running) fail(new SendFailure('stopped'))
      tlsAgent.destroy()
      plainAgent.destroy()
    },
  }
}
