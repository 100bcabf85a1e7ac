/** Where the client and the user of a token stand now. */
export interface CallerStatus {
  /**
   * The client or the user is blocked. Whoever Mithril does not know is not: what it does know is that nobody has
   * blocked it.
   */
  readonly blocked: boolean
  /**
   * The client's `priv_settings.access_type` is `BROKER`: it acts through a medical information system, and only with
   * that one's key.
   */
  readonly throughBroker: boolean
}

/** An opaque access token of Mithril's own, found by its value, with the client that it was issued to. */
export interface StoredToken {
  readonly clientId: string
  readonly clientType: string
  readonly userId: string | null
  /** As it is stored, and whoever stored it may have stored anything. */
  readonly scope: unknown
  /** Seconds since 1970. */
  readonly expiresAt: number | null
}

/** The medical information system that a client acts through. */
export interface Broker {
  readonly clientId: string
  /** The words of its `priv_settings.broker_scope`. */
  readonly scopes: readonly string[]
}

/** What Mithril's registry says about callers. Each method is one indexed statement and may throw `unavailable`. */
export interface CallerRegistry {
  /** Both ids are UUIDs. */
  statusOf(clientId: string, userId: string | null): Promise<CallerStatus>
  /**
   * The access token with this value, whose client exists. At most 255 characters, none of them a control character.
   */
  tokenOf(value: string): Promise<StoredToken | null>
  /**
   * The broker, not blocked, of the connection that has this secret. A client without a text as its
   * `priv_settings.broker_scope` is no broker. At most 255 characters, none of them a control character.
   */
  brokerOf(secret: string): Promise<Broker | null>
}
