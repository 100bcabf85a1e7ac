import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

declare module 'node:http' {
  interface IncomingMessage {
    /** The gateway's own id of this request. It is unique, while a caller may send the same id twice. */
    ownId?: string
  }
}

/**
 * 20 to 200 characters (`docs/platform.md` §2) of common ids: UUID, `Root=1-…`, base64, `<uuid>#<counter>`. No such id
 * can forge a log line or end a quotation.
 */
const acceptable = /^[\w.:#/+=@,~-]{20,200}$/

/** The acceptable ids in the headers of a request. A proxy may add a header of its own, or join it to the caller's. */
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
  /** The last acceptable `x-request-id`, which the nearest proxy has set, or otherwise the gateway's own id. */
  of(request: IncomingMessage): string
}

/**
 * Makes request ids. A caller's id serves for correlation only, because a caller may send the id of another. So each
 * request also has an id of the gateway (`docs/decisions/0032-request-ids-of-callers.md`).
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
