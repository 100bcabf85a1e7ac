import { type ImportedKeys, importKeys } from './import-keys.ts'

export interface FetchKeysOptions {
  readonly url: URL
  readonly fetch: typeof globalThis.fetch
  /** Ends the whole exchange, the body included. */
  readonly signal: AbortSignal
  /** The greatest length of the body after decompression. The gateway stops to read a longer one. */
  readonly bytesAtMost: number
}

/**
 * Fetches a JWK set (RFC 7517 §5) once: status 200, bounded in time and size. It follows no redirect, because the
 * operator trusts the configured address and no other.
 *
 * @throws Error with a sentence for the log. An answer without a usable key is an error, too: otherwise every caller
 *   would get 401.
 */
export async function fetchKeys({ url, fetch, signal, bytesAtMost }: FetchKeysOptions): Promise<ImportedKeys> {
  const headers = { accept: 'application/jwk-set+json, application/json' }
  const response = await fetch(url, { redirect: 'error', signal, headers })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the key server answered ${response.status}`)
  }
  const members = parseMembers(await readAtMost(response, bytesAtMost))
  const imported = await importKeys(members)
  if (imported.keys.length === 0)
    throw new Error(`the key server answered ${members.length} keys, none of them usable for signatures`)
  return imported
}

async function readAtMost(response: Response, bytesAtMost: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // A throw inside the loop cancels the stream and frees the connection.
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
    // The error has no cause, because a message of JSON.parse quotes the text, and the log must not hold it.
    throw new Error("the key server's answer is not JSON")
  }
  if (typeof document === 'object' && document !== null && 'keys' in document && Array.isArray(document.keys))
    return document.keys
  throw new Error("the key server's answer is not a key set: it has no array `keys`")
}

/**
 * Parses the address of a key set.
 * @throws TypeError that does not quote the address. fetch would quote it with its password in every failure.
 */
export function parseKeysUrl(address: string | URL): URL {
  const url = URL.parse(String(address))
  if (url !== null && url.username === '' && url.password === '' && /^https?:$/.test(url.protocol)) return url
  throw new TypeError('the address of the key set must be an http(s) URL without user name and password')
}
