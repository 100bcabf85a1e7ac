/** What the console remembers between its request to the issuer and the issuer's answer. It holds no token. */
export interface RoundTrip {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Path with query to show after sign-in. */
  readonly returnTo: string
  /** Whether the issuer was asked not to show a page (`prompt=none`). */
  readonly isSilent: boolean
}

const key = 'console.round-trip'

export function rememberRoundTrip(trip: RoundTrip): void {
  sessionStorage.setItem(key, JSON.stringify(trip))
}

/** The remembered round trip, which is forgotten by this call. null: none was begun in this tab. */
export function takeRoundTrip(): RoundTrip | null {
  const text = sessionStorage.getItem(key)
  sessionStorage.removeItem(key)
  return text === null ? null : JSON.parse(text)
}
