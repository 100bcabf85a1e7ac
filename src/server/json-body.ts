import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type HttpReason, HttpRefusal } from './http-refusals.ts'

const malformed = (reason: HttpReason) => new HttpRefusal('malformedRequest', { reason, part: 'json' })

/**
 * How deep a body may be nested. JSON.parse accepts any depth, but recursive code such as JSON.stringify would exhaust
 * the stack.
 */
const depthAtMost = 100

/**
 * The fault of a valid JSON text, or null. Parsers disagree on a member that stands
 * twice (RFC 8259 §4), so a proxy may have checked the other value.
 */
function flawOf(json: string): HttpReason | null {
  // One entry for each open bracket: the names of an object's members, or null for an array.
  const members: (Set<string> | null)[] = []
  // A token is a bracket, or a whole string with the colon that makes it the name of a member.
  const tokens = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}[\]]/g
  for (let token = tokens.exec(json); token !== null; token = tokens.exec(json)) {
    const [text, string = '', colon] = token
    if (text === '{') members.push(new Set())
    else if (text === '[') members.push(null)
    if (members.length > depthAtMost) return 'body_too_deep'
    if (text === '}' || text === ']') members.pop()
    else if (colon !== undefined) {
      const name = string.includes('\\') ? String(JSON.parse(`"${string}"`)) : string
      const known = members.at(-1)
      if (known?.has(name)) return 'body_repeated_member'
      known?.add(name)
    }
  }
  return null
}

/**
 * Parses a request body. An empty body is `undefined`.
 * @throws HttpRefusal `malformedRequest` for a body that is no UTF-8 JSON, has a byte-order mark or a duplicate member,
 *   or is too deep
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw malformed('body_not_utf8')
  const text = body.toString('utf8')
  if (text.startsWith('\ufeff')) throw malformed('body_byte_order_mark')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The refusal has no cause, because V8's message quotes the body.
    throw malformed('body_not_json')
  }
  const flaw = flawOf(text)
  if (flaw !== null) throw malformed(flaw)
  return value
}

/**
 * Values of `Content-Encoding` for a body that is not encoded. UTF-8 is no content coding, but some programs send it as
 * one. The gateway checks the bytes anyway.
 */
const plainCodings = new Set(['', 'identity', 'utf-8', 'utf8'])

/** RFC 8259 §11 gives `charset` no meaning. The gateway refuses only one that names another encoding than UTF-8. */
const plainCharsets = new Set(['', 'utf-8', 'utf8'])

/** The refusal of a body whose headers name an encoding that the gateway cannot read, or null. */
function unreadable({ headers }: FastifyRequest): HttpRefusal | null {
  const codings = (headers['content-encoding'] ?? '').split(',').map((coding) => coding.trim().toLowerCase())
  const coding = codings.find((name) => !plainCodings.has(name))
  if (coding !== undefined) {
    const name = /^[\w.+-]{1,20}$/.test(coding) ? coding : 'of that name'
    return new HttpRefusal('unsupportedMediaType', {
      reason: 'content_coding',
      name,
      part: { header: 'Content-Encoding' },
    })
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1] ?? ''
  return plainCharsets.has(charset.toLowerCase())
    ? null
    : new HttpRefusal('unsupportedMediaType', { part: { header: 'Content-Type' } })
}

/** Makes JSON the only media type of request bodies. Any other type gets 415. */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  // HTTP clients of Ruby and Perl label an empty body as a form. The type of an empty body does not matter.
  app.addHook('preParsing', ({ headers }, _reply, payload, done) => {
    if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0)
      delete headers['content-type']
    done(null, payload)
  })
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const refusal = unreadable(request)
    if (refusal !== null) return done(refusal)
    try {
      done(null, parseJson(body as Buffer)) // a Buffer, because of parseAs
    } catch (error) {
      done(error as Error) // parseJson throws HttpRefusals only
    }
  })
}
