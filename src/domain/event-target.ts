import { endsInNumber, partsOf } from './redirect-uri-parts.ts'
import { redirectUriFaults } from './redirect-uri-rules.ts'
import { codePointsIn, isStorable, notStorable, tooLong, type Violation, wrongType } from './violation.ts'

/** The length of the column in code points. */
export const targetLengthAtMost = 500

/** What an installation says about addresses. The gateway asks again for the address of each connection it opens. */
export interface TargetAddresses {
  /** Whether the gateway may connect to an address in text form. */
  isAllowed(address: string): boolean
  /** Whether the address is in a network that the operator has named (`EVENT_TARGET_NETWORKS`). */
  isNamed(address: string): boolean
}

const path = ['url']
const format = (id: Violation['id'], params: Violation['params'] = {}): Violation => ({
  id,
  path,
  rule: 'format',
  params,
})
const notHttps = format('pattern', { pattern: '^https://.+' })

/**
 * Every rule that a target of events breaks. It has to be an https URL by the strict rules of redirect URIs, on port
 * 443. A literal address has to be a public one. A literal address of a named network may have another port and
 * `http:`. Names are judged where the gateway opens a connection. Pure, never throws.
 */
export function eventTargetViolations(value: unknown, addresses: TargetAddresses): readonly Violation[] {
  if (typeof value !== 'string') return [wrongType(path, 'string', value)]
  const length = codePointsIn(value)
  if (length > targetLengthAtMost) return [tooLong(path, targetLengthAtMost, length)]
  if (!isStorable(value)) return [notStorable(path)]
  const parts = partsOf(value)
  const address = parts !== null && endsInNumber(parts) ? parts.host : null
  const isNamed = address !== null && addresses.isNamed(address)
  const isHttps = /^https:\/\/./.test(value) || (isNamed && /^http:\/\/./.test(value))
  const faults = redirectUriFaults(value)
    // A named network may be a loopback one.
    .filter(({ id }) => !(isNamed && id === 'host_special'))
    .map(({ id, params }) => format(id, params))
  const port = parts?.port
  return [
    ...(isHttps ? [] : [notHttps]),
    ...faults,
    ...(port === undefined || port === '443' || isNamed ? [] : [format('target_port', { reason: 'port' })]),
    ...(address === null || faults.length > 0 || addresses.isAllowed(address)
      ? []
      : [format('target_address', { reason: 'host' })]),
  ]
}
