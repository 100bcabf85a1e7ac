import {
  AckPolicy,
  type Consumer,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import { eventIdOf } from '../../domain/event.ts'
import type { DeliveryLease } from '../delivery-queue.ts'

/** The stream of handovers, and the durable consumer that all delivering gateways share. */
export const streamName = 'mithril_events'
const consumerName = 'deliver'

const nanoseconds = (seconds: number) => seconds * 1e9

/**
 * A lease outlasts its message by far less than a minute, so an older message has no use. One message for each subject:
 * a new lease of a delivery replaces the message of the lease that ended.
 */
const stream = {
  name: streamName,
  subjects: ['mithril.events.*.*'],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_msgs_per_subject: 1,
  max_bytes: 64 * 2 ** 20,
  max_age: nanoseconds(60),
  duplicate_window: nanoseconds(60),
}

/** A gateway acknowledges a message as soon as it has the lease. So an unacknowledged one soon goes to another. */
const consumer = {
  durable_name: consumerName,
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanoseconds(2),
}

/** The subject of a handover: the connection, then the subscription. */
export const subjectOf = ({ connectionId, subscriptionId }: Pick<DeliveryLease, 'connectionId' | 'subscriptionId'>) =>
  `mithril.events.${connectionId}.${subscriptionId}`

/** The id by which JetStream finds a message that is published twice, and by which a relay knows the outcome. */
export const messageIdOf = ({
  number,
  subscriptionId,
  lease,
}: Pick<DeliveryLease, 'number' | 'subscriptionId' | 'lease'>) => `${eventIdOf(number)}.${subscriptionId}.${lease}`

/** The subject on which a relay hears of outcomes. */
export const outcomesOf = (relay: string) => `mithril.outcomes.${relay}`

function isMissing(error: unknown): boolean {
  const missing: readonly number[] = [JetStreamApiCodes.StreamNotFound, JetStreamApiCodes.ConsumerNotFound]
  return error instanceof JetStreamApiError && missing.includes(error.code)
}

/**
 * Makes the stream if it is not there. One that an operator has made stays as it is.
 * @param replicas Of a new stream. With three of them one server may go away.
 * @throws Error if the stream has other subjects. JetStream would only say that nobody answers.
 */
export async function ensureStream(jetstream: JetStreamClient, replicas: 1 | 3): Promise<void> {
  const { streams } = await jetstream.jetstreamManager(false)
  try {
    await streams.info(streamName)
  } catch (error) {
    if (!isMissing(error)) throw error
    await streams.add({ ...stream, num_replicas: replicas })
    return
  }
  const streamsOfHandovers = await streams.names(subjectOf({ connectionId: 'any', subscriptionId: 'any' })).next()
  if (!streamsOfHandovers.includes(streamName))
    throw new Error(`the stream ${streamName} does not have the subjects ${stream.subjects}`)
}

/** The consumer. It is made if it is not there. */
export async function openConsumer(jetstream: JetStreamClient): Promise<Consumer> {
  try {
    return await jetstream.consumers.get(streamName, consumerName)
  } catch (error) {
    if (!isMissing(error)) throw error
    const { consumers } = await jetstream.jetstreamManager(false)
    await consumers.add(streamName, consumer)
    return jetstream.consumers.get(streamName, consumerName)
  }
}
