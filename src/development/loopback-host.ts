import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../config/values.ts'

/** Headers that a proxy adds to a request. */
const ofProxies = /^(forwarded|via|x-forwarded.*|x-original-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*)$/

/**
 * The host and port by which a browser on this machine asks, in lower case. null: the request may come from elsewhere,
 * so its answer may hold no token. A hostile page can rebind its name to 127.0.0.1, and a proxy may serve anybody. A
 * `Host` that is not exactly a name and a port is no loopback name.
 */
export function loopbackHostOf(headers: IncomingHttpHeaders): string | null {
  const [host, name = ''] = /^([\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.exec(headers.host ?? '') ?? []
  if (host === undefined || !isLoopback(name.toLowerCase())) return null
  return Object.keys(headers).some((header) => ofProxies.test(header)) ? null : host.toLowerCase()
}
