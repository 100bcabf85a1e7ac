/** What `/console/config.json` says: the issuer and the console's client there. */
export interface ConsoleConfiguration {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  /** The resource (RFC 8707) to ask a token for. null: the issuer knows it. */
  readonly audience: string | null
  /** null: ask the issuer's discovery document. */
  readonly authorizationEndpoint: string | null
  readonly tokenEndpoint: string | null
  readonly endSessionEndpoint: string | null
  readonly version: string
}

let loaded: Promise<ConsoleConfiguration> | undefined

/** The configuration, asked for once. @throws Error if the gateway does not answer it */
export function configuration(): Promise<ConsoleConfiguration> {
  loaded ??= load()
  loaded.catch(() => {
    loaded = undefined
  })
  return loaded
}

async function load(): Promise<ConsoleConfiguration> {
  const response = await fetch(`${import.meta.env.BASE_URL}config.json`, { signal: AbortSignal.timeout(15_000) })
  if (!response.ok) throw new Error(`config.json: HTTP ${response.status}`)
  return response.json()
}
