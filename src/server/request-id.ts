import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

declare module 'node:http' {
  interface IncomingMessage {
    /** The gateway's own number of this request, unique whatever id the caller has sent. */
    ownId?: string
  }
}

/**
 * 20 to 200 characters (`docs/platform.md` §2) of those that ids are made of in practice: UUID, `Root=1-…`, base64,
 * `<uuid>#<counter>`. No such id can forge a log line or break a quotation.
 */
const acceptable = /^[\w.:#/+=@,~-]{20,200}$/

/** Every acceptable id that the headers of a request hold. A proxy may add a header to the caller's, or join the two. */
const idsIn = (rawHeaders: readonly string[]) =>
  rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && name.length === 12 && name.toLowerCase() === 'x-request-id'
      ? (rawHeaders[index + 1] ?? '').split(/,[\t ]+/).filter((id) => acceptable.test(id))
      : [],
  )

/** Gives requests their ids. */
export interface RequestIds {
  /** `<instance>#<counter>`, as in the specification's example. */
  own(): string
  /** The last acceptable `x-request-id`, which the nearest proxy has set, or else the gateway's own. */
  of(request: IncomingMessage): string
}

/**
 * Makes request ids. A caller's id is for correlation only, since a caller may use the id of another: each request
 * keeps an own number beside it (`docs/decisions/0032-request-ids-of-callers.md`).
 */
export function createRequestIds(instance: string = randomUUID()): RequestIds {
  let counter = 0
  const own = () => `${instance}#${++counter}`
  return {
    own,
    of(request) {
      request.ownId = own()
      return idsIn(request.rawHeaders).at(-1) ?? request.ownId
    },
  }
}
