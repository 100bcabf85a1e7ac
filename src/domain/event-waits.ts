/** The longest time in seconds that a poll waits for events. */
export const waitAtMostSeconds = 30

/** Events that one poll answers at most. */
export const polledAtMost = 100

/** A poll that waits for the next event of a subscription. */
export interface EventWait {
  readonly subscriptionId: string
  /** The client that waits: each has a limited number of places. */
  readonly clientId: string
  readonly ms: number
  /** Aborted: the caller has left. */
  readonly signal: AbortSignal
}

/** The polls that wait in this process. No wait holds a connection of the database. */
export interface EventWaits {
  /**
   * Waits for an event. `over`: the time is over, the caller has left, or the gateway stops.
   * @throws GatewayError `tooManyWaits` or `unavailable`
   */
  wait(wait: EventWait): Promise<'ready' | 'over'>
  /**
   * Runs the statements of a poll or an acknowledgement, few at a time. After a change all programs that poll come back
   * at once, and updates need places in the queue of the database, too.
   * @throws GatewayError `unavailable` if there are too many
   */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}
