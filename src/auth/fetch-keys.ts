import type { JWK } from 'jose'
import { usableKeys } from './usable-keys.ts'

export interface FetchKeysOptions {
  readonly url: URL
  readonly fetch: typeof globalThis.fetch
  /** Ends the whole exchange, the body included. */
  readonly signal: AbortSignal
  /** The body's length after decompression; a longer one is not read to its end. */
  readonly bytesAtMost: number
}

/** The keys of one answer of the issuer's key server. */
export interface FetchedKeys {
  readonly keys: readonly JWK[]
  /** How many members of the document were dropped as unusable. */
  readonly dropped: number
}

/**
 * Fetches a JWK set (RFC 7517 §5) once: status 200, no redirect (the configured address is what the operator trusts, a
 * redirect is somebody else's), bounded in time and size.
 *
 * @throws Error with a sentence for the log; an answer without a single usable key is an error too, since taking it
 *   would turn a slip of
 *   the issuer into 401 for everybody
 */
export async function fetchKeys({ url, fetch, signal, bytesAtMost }: FetchKeysOptions): Promise<FetchedKeys> {
  const headers = { accept: 'application/jwk-set+json, application/json' }
  const response = await fetch(url, { redirect: 'error', signal, headers })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the key server answered ${response.status}`)
  }
  const members = parseMembers(await readAtMost(response, bytesAtMost))
  const keys = usableKeys(members)
  if (keys.length === 0)
    throw new Error(`the key server answered ${members.length} keys, none of them usable for signatures`)
  return { keys, dropped: members.length - keys.length }
}

async function readAtMost(response: Response, bytesAtMost: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop by a throw cancels the stream and frees the connection.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesAtMost) throw new Error(`the key server's answer is longer than ${bytesAtMost} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseMembers(text: string): readonly unknown[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // Without its cause: a message of JSON.parse quotes the text, and an answer of a stranger has no place in the log.
    throw new Error("the key server's answer is not JSON")
  }
  if (typeof document === 'object' && document !== null && 'keys' in document && Array.isArray(document.keys))
    return document.keys
  throw new Error("the key server's answer is not a key set: it has no array `keys`")
}

/**
 * Parses the address of a key set.
 * @throws TypeError without quoting the address: fetch would quote it, password and all, in every failure that is
 *   logged
 */
export function parseKeysUrl(address: string | URL): URL {
  const url = URL.parse(String(address))
  if (url !== null && url.username === '' && url.password === '' && /^https?:$/.test(url.protocol)) return url
  throw new TypeError('the address of the key set must be an http(s) URL without user name and password')
}
