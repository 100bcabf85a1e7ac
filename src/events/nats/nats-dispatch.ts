import { randomUUID } from 'node:crypto'
import type { EventsNatsConfig } from '../../config/shape.ts'
import type { Log } from '../../observability/log.ts'
import type { DispatchResult, OpenDispatch } from '../dispatch.ts'
import type { BrokerCounts } from '../event-counts.ts'
import { handoverOf, parseOutcome } from './messages.ts'
import { keepNatsSession, type NatsSession } from './session.ts'
import { messageIdOf, outcomesOf, streamName, subjectOf } from './stream.ts'

/** A delivering gateway takes a lease over within this time. Otherwise a relay hands the delivery over anew. */
const leaseSeconds = 8

/** How long JetStream may take to acknowledge. Then the relay publishes once more, under the same id. */
const acknowledgeMs = 2_000

/** How long a relay waits for the outcome of a handover: an attempt of 15 s, and what comes before and after it. */
const outcomeMs = 20_000

/** After a refused publication the relay claims nothing for this time. */
const refusedMs = 1_000

/**
 * Hands each delivery over to a delivering gateway, with its lease. JetStream acknowledges the message, and the gateway
 * says what became of it. PostgreSQL alone knows the state of a delivery: whatever NATS loses is claimed again.
 */
export function natsDispatch(deps: {
  readonly config: EventsNatsConfig
  readonly counts: BrokerCounts
  readonly log: Log
}): OpenDispatch {
  const { config, counts, log } = deps
  return (onStored) => {
    const relay = randomUUID()
    const waiting = new Map<string, (result: DispatchResult) => void>()
    let refusedUntil = 0

    function settle(id: string, result: DispatchResult): void {
      waiting.get(id)?.(result)
    }

    function outcomeOf(id: string): Promise<DispatchResult> {
      return new Promise((resolve) => {
        const end = (result: DispatchResult) => {
          clearTimeout(timer)
          waiting.delete(id)
          resolve(result)
        }
        const timer = setTimeout(end, outcomeMs, 'unsent')
        waiting.set(id, end)
      })
    }

    function interrupt(): void {
      for (const end of waiting.values()) end('unsent')
    }

    async function onOpen({ connection }: NatsSession): Promise<void> {
      connection.subscribe(outcomesOf(relay), {
        callback(error, message) {
          // NATS refuses the subscription.
          if (error !== null) return sessions.fail(error)
          const outcome = parseOutcome(message.string())
          if (outcome === null) return
          settle(outcome.id, outcome.result)
          onStored([])
        },
      })
      await connection.flush()
      counts.isConnected = true
      onStored([])
    }

    const sessions = keepNatsSession({
      servers: config.servers,
      log,
      onOpen,
      onEnd() {
        counts.isConnected = false
        interrupt()
      },
    })

    return {
      leaseSeconds,
      isReady: () => sessions.current() !== null && performance.now() >= refusedUntil,
      async send(delivery) {
        const id = messageIdOf(delivery)
        const session = sessions.current()
        if (session === null) return 'unsent'
        const outcome = outcomeOf(id)
        try {
          await session.jetstream.publish(subjectOf(delivery), JSON.stringify(handoverOf(delivery, relay)), {
            msgID: id,
            timeout: acknowledgeMs,
            retries: 2,
            expect: { streamName },
          })
          counts.published += 1
        } catch (error) {
          refusedUntil = performance.now() + refusedMs
          sessions.fail(error)
          settle(id, 'unsent')
        }
        return outcome
      },
      interrupt,
      close: sessions.close,
    }
  }
}
