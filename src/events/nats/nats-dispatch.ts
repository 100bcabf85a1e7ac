import { randomUUID } from 'node:crypto'
import type { EventsNatsConfig } from '../../config/shape.ts'
import type { Log } from '../../observability/log.ts'
import type { DispatchResult, OpenDispatch } from '../dispatch.ts'
import type { BrokerCounts } from '../event-counts.ts'
import { handoverOf, type Outcome, parseOutcome, workingEveryMs } from './messages.ts'
import { keepNatsSession, type NatsSession } from './session.ts'
import { messageIdOf, outcomesOf, streamName, subjectOf } from './stream.ts'

/** A delivering gateway takes a lease over within this time. Otherwise a relay hands the delivery over anew. */
const leaseSeconds = 8

/** How long JetStream may take to acknowledge. Then the relay publishes once more, under the same id. */
const acknowledgeMs = 2_000

/** A gateway that has a delivery is taken for dead after this time without a word. */
const silenceMs = 4 * workingEveryMs

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
    const waiting = new Map<string, (result: Outcome['result']) => void>()
    let refusedUntil = 0

    /** Waits as long as the lease, and then as long as a gateway says that it works. */
    function outcomeOf(id: string): Promise<DispatchResult> {
      return new Promise((resolve) => {
        const hear = (result: Outcome['result']) => {
          clearTimeout(timer)
          if (result === 'working') {
            timer = setTimeout(hear, silenceMs, 'unsent')
            return
          }
          waiting.delete(id)
          resolve(result)
        }
        let timer = setTimeout(hear, leaseSeconds * 1_000, 'unsent')
        waiting.set(id, hear)
      })
    }

    function interrupt(): void {
      for (const hear of waiting.values()) hear('unsent')
    }

    async function onOpen({ connection }: NatsSession): Promise<void> {
      connection.subscribe(outcomesOf(relay), {
        callback(error, message) {
          // NATS refuses the subscription.
          if (error !== null) return sessions.fail(error)
          const outcome = parseOutcome(message.string())
          if (outcome === null) return
          waiting.get(outcome.id)?.(outcome.result)
          if (outcome.result !== 'working') onStored([])
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
          waiting.get(id)?.('unsent')
        }
        return outcome
      },
      interrupt,
      close: sessions.close,
    }
  }
}
