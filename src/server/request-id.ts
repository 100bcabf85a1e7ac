import { randomUUID } from 'node:crypto'

/**
 * 20 to 200 visible ASCII characters (`docs/platform.md` §2): long enough to be unique, and unable to forge a log line.
 */
const acceptable = /^[\x21-\x7e]{20,200}$/

/**
 * Makes request ids: the caller's own `x-request-id` if it is acceptable, else `<instance>#<counter>` as in the
 * specification's example.
 */
export function createRequestIds(instance: string = randomUUID()): (header: string | string[] | undefined) => string {
  let counter = 0
  return (header) => (typeof header === 'string' && acceptable.test(header) ? header : `${instance}#${++counter}`)
}
