/** Attempts to one subscription that an instance makes at the same time: at first, and at most. */
export const firstWindow = 4
const windowAtMost = 32

/** An answer that took longer does not widen the window. A slow endpoint then holds few of the places of others. */
const quickMs = 1_000

/** Windows that an instance remembers. Each claim sends all of them, and removed subscriptions leave theirs behind. */
const windowsAtMost = 1_000

/** How many attempts to each subscription may be under way in this instance. */
export interface SendWindows {
  begun(subscriptionId: string): void
  /** @param ms The time that the attempt took. */
  ended(subscriptionId: string, hasArrived: boolean, ms: number): void
  /** The attempts that may begin now. A subscription that is not named may begin `firstWindow`. */
  free(): ReadonlyMap<string, number>
}

interface Window {
  size: number
  inFlight: number
}

/** A quick success widens a window by one. A failure narrows it to one, and a slow success by a half. */
export function createSendWindows(): SendWindows {
  const windows = new Map<string, Window>()

  function windowOf(subscriptionId: string): Window {
    const known = windows.get(subscriptionId)
    if (known !== undefined) return known
    const window = { size: firstWindow, inFlight: 0 }
    windows.set(subscriptionId, window)
    return window
  }

  /** Forgets the window that was used longest ago and has no attempt under way. */
  function forgetOne(): void {
    for (const [id, { inFlight }] of windows)
      if (inFlight === 0) {
        windows.delete(id)
        return
      }
  }

  return {
    begun(subscriptionId) {
      const window = windowOf(subscriptionId)
      window.inFlight += 1
      // A map keeps the order of its insertions.
      windows.delete(subscriptionId)
      windows.set(subscriptionId, window)
      if (windows.size > windowsAtMost) forgetOne()
    },
    ended(subscriptionId, hasArrived, ms) {
      const window = windowOf(subscriptionId)
      window.inFlight -= 1
      if (!hasArrived) window.size = 1
      else if (ms <= quickMs) window.size = Math.min(window.size + 1, windowAtMost)
      else window.size = Math.max(1, Math.floor(window.size / 2))
      if (window.inFlight === 0 && window.size === firstWindow) windows.delete(subscriptionId)
    },
    free: () => new Map([...windows].map(([id, { size, inFlight }]) => [id, Math.max(0, size - inFlight)])),
  }
}
