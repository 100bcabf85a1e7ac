/** The state of the client and the user of a token, as Mithril stores it now. */
export interface CallerStatus {
  /** The client or the user is blocked. A client or user without a row counts as not blocked. */
  readonly blocked: boolean
  /**
   * The client's `priv_settings.access_type` is `BROKER`: it acts through a medical information system and needs the
   * key of that system.
   */
  readonly throughBroker: boolean
  /** The registry has the client. */
  readonly registered: boolean
}

/** A row of Mithril's table `tokens`, with the client that the token was issued to. */
export interface StoredToken {
  readonly clientId: string
  readonly clientType: string
  readonly userId: string | null
  /** The stored JSON, unchecked: it may have any type. */
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
  /** The status of a client and its user. Both ids are UUIDs. */
  statusOf(clientId: string, userId: string | null): Promise<CallerStatus>
  /** The access token with this value, if its client exists. Takes at most 255 characters and no control character. */
  tokenOf(value: string): Promise<StoredToken | null>
  /**
   * The client of the connection with this secret, if it is a broker and not blocked. A broker's
   * `priv_settings.broker_scope` is a text. Takes at most 255 characters and no control character.
   */
  brokerOf(secret: string): Promise<Broker | null>
}
