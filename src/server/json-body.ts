import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HttpRefusal } from './http-refusals.ts'

const malformed = (reason: string) => new HttpRefusal('malformedRequest', { reason, part: 'json' })

/**
 * How deep a body may be nested. JSON.parse takes any depth; whoever walks the value, JSON.stringify for one, runs out
 * of stack.
 */
const deepest = 100

/**
 * What is wrong with a valid JSON text, in words that may be shown, or null. Of a member that is named twice parsers
 * disagree on which one counts (RFC 8259 §4), so a proxy could have checked the other one.
 */
function flawOf(json: string): string | null {
  // One entry for each open bracket; null for an array.
  const members: (Set<string> | null)[] = []
  // Whole strings, with the colon that makes one a member name, or single brackets; nothing else matters here.
  const tokens = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}[\]]/g
  for (let token = tokens.exec(json); token !== null; token = tokens.exec(json)) {
    const [text, string = '', colon] = token
    if (text === '{') members.push(new Set())
    else if (text === '[') members.push(null)
    if (members.length > deepest) return 'the body is nested too deeply'
    if (text === '}' || text === ']') members.pop()
    else if (colon !== undefined) {
      const name = string.includes('\\') ? String(JSON.parse(`"${string}"`)) : string
      const known = members.at(-1)
      if (known?.has(name)) return 'the body names a member twice'
      known?.add(name)
    }
  }
  return null
}

/**
 * Parses a request body; an empty one is `undefined`.
 * @throws GatewayError `malformedRequest` for anything but UTF-8 JSON without a byte-order mark, without duplicate
 *   members, and not too deep
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw malformed('the body is not UTF-8')
  const text = body.toString('utf8')
  if (text.startsWith('\ufeff')) throw malformed('the body begins with a byte-order mark')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // V8's message quotes the body, so it stays here.
    throw malformed('the body is not valid JSON')
  }
  const flaw = flawOf(text)
  if (flaw !== null) throw malformed(flaw)
  return value
}

/**
 * Labels of a body that is not encoded. UTF-8 is none of a content coding, but programs send it as one, and the bytes
 * are checked anyway.
 */
const plainCodings = new Set(['', 'identity', 'utf-8', 'utf8'])

/** RFC 8259 §11 gives the parameter no meaning. It is refused only where it claims other bytes than UTF-8. */
const plainCharsets = new Set(['', 'utf-8', 'utf8'])

/** What the headers of a body claim that the gateway cannot read, or null. */
function unreadable({ headers }: FastifyRequest): HttpRefusal | null {
  const codings = (headers['content-encoding'] ?? '').split(',').map((coding) => coding.trim().toLowerCase())
  const coding = codings.find((name) => !plainCodings.has(name))
  if (coding !== undefined) {
    const name = /^[\w.+-]{1,20}$/.test(coding) ? coding : 'of that name'
    return new HttpRefusal('unsupportedMediaType', {
      reason: `the content coding ${name} is not supported`,
      part: { header: 'Content-Encoding' },
    })
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1] ?? ''
  return plainCharsets.has(charset.toLowerCase())
    ? null
    : new HttpRefusal('unsupportedMediaType', { part: { header: 'Content-Type' } })
}

/** JSON is the only request body this gateway reads; everything else is 415. */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  // Ruby and Perl label an empty body as a form. No content has no type to judge.
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
