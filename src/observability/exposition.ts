import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { version } from '../config/version.ts'
import { type Counts, durationBounds, type RequestSeries } from './meter.ts'

/** The numbers that each scrape reads. */
export interface MetricSources {
  readonly counts: Counts
  readonly database: () => {
    readonly inUse: number
    readonly idle: number
    readonly waiting: number
    /** How many statements were refused since the start, by reason. */
    readonly shed: Readonly<Record<string, number>>
  }
  /** `ageMs` is null where there are no keys yet, or keys that do not age. */
  readonly keys: () => { readonly ageMs: number | null; readonly failedFetches: number }
  /** null: this gateway sends no events. */
  readonly events: EventNumbers | null
}

/** The numbers of the delivery of events. */
export interface EventNumbers {
  readonly delivered: number
  readonly failed: ReadonlyMap<string, number>
  readonly dead: number
  readonly switchedOff: number
  /** Gateways that queue events count the same backlog. null: not counted yet, or another gateway counts it. */
  readonly backlog: {
    readonly pending: number
    readonly dead: number
    readonly oldestSeconds: number
    readonly subscriptions: Readonly<Record<string, number>>
  } | null
  /** null: this gateway uses no broker. */
  readonly broker: { readonly isConnected: boolean; readonly published: number } | null
}

/** The metrics in the text format of Prometheus. */
export interface Exposition {
  readonly contentType: string
  render(): Promise<string>
  /** Ends the measurement of the event loop. */
  close(): void
}

const labelsOf = ({ door, operation, code }: RequestSeries) => ({ door, operation, code })
const requestLabels = ['door', 'operation', 'code'] as const

/** The catalogue's code of a fault of the gateway. */
const faultCode = 'INTERNAL_SERVER_ERROR'

const durations = {
  name: 'gateway_request_duration_seconds',
  help: 'Time from the first hook of a request to the end of its answer.',
}

/**
 * A histogram whose buckets `meter.ts` counts. The library's own `observe` hashes all labels for each request, and
 * needs the library in memory before the first scrape.
 */
class RequestDurations extends Histogram<'door' | 'operation' | 'code'> {
  readonly #requests: Counts['requests']

  constructor(requests: Counts['requests'], registry: Registry) {
    super({ ...durations, labelNames: requestLabels, buckets: [...durationBounds], registers: [registry] })
    this.#requests = requests
  }

  /** A registry renders the result of this method. The library's typings leave it out. */
  async getForPromString() {
    return { ...durations, type: 'histogram', values: [...this.#requests.values()].flatMap(samplesOf) }
  }
}

/** A bucket of the text format counts all requests that took no longer than its bound. */
function samplesOf(series: RequestSeries) {
  const labels = labelsOf(series)
  const sample = (suffix: string, value: number, bound = {}) => ({
    metricName: `${durations.name}_${suffix}`,
    labels: { ...bound, ...labels },
    value,
  })
  let noLonger = 0
  const buckets = durationBounds.map((le, index) => {
    noLonger += series.buckets[index] ?? 0
    return sample('bucket', noLonger, { le })
  })
  return [
    ...buckets,
    sample('bucket', series.count, { le: '+Inf' }),
    sample('sum', series.seconds),
    sample('count', series.count),
  ]
}

/** A counter that takes its values from outside at each scrape. */
function counterOf<Label extends string>(
  registry: Registry,
  {
    name,
    help,
    labelNames = [],
  }: { readonly name: string; readonly help: string; readonly labelNames?: readonly Label[] },
  samples: () => Iterable<readonly [labels: Record<Label, string>, value: number]>,
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      for (const [labels, value] of samples()) this.inc(labels, value)
    },
  })
}

function* by<Label extends string>(label: Label, counts: Iterable<readonly [string, number]>) {
  // TypeScript does not see that the object has the one member that `label` names.
  for (const [name, value] of counts) yield [{ [label]: name } as Record<Label, string>, value] as const
}

function countRequests(registry: Registry, { requests, refusals, limited, changes }: Counts): void {
  counterOf(
    registry,
    { name: 'gateway_requests_total', help: 'Requests that have come to their end.', labelNames: requestLabels },
    function* () {
      for (const series of requests.values()) yield [labelsOf(series), series.count]
    },
  )
  // It begins with 0, because the rate of a series that begins with its first fault is 0.
  counterOf(registry, { name: 'gateway_faults_total', help: 'Requests that a fault of the gateway has ended.' }, () => [
    [{}, [...requests.values()].reduce((sum, { code, count }) => sum + (code === faultCode ? count : 0), 0)],
  ])
  new RequestDurations(requests, registry)
  counterOf(
    registry,
    { name: 'gateway_refusals_total', help: 'Refused requests by the rule that refused them.', labelNames: ['rule'] },
    () => by('rule', refusals),
  )
  counterOf(
    registry,
    { name: 'gateway_limited_total', help: 'Requests refused by a limit.', labelNames: ['limit'] },
    () => by('limit', limited),
  )
  counterOf(
    registry,
    {
      name: 'gateway_changes_total',
      help: 'Changes of connections, each with a row of the audit.',
      labelNames: ['kind', 'door'],
    },
    () => changes.map(({ kind, door, count }) => [{ kind, door }, count] as const),
  )
}

function measureDatabase(registry: Registry, database: MetricSources['database']): void {
  counterOf(
    registry,
    { name: 'gateway_shed_total', help: 'Statements refused because of overload.', labelNames: ['reason'] },
    () => by('reason', Object.entries(database().shed)),
  )
  new Gauge({
    name: 'gateway_database_connections',
    help: 'Connections of the pool.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { inUse, idle } = database()
      this.set({ state: 'in_use' }, inUse)
      this.set({ state: 'idle' }, idle)
    },
  })
  new Gauge({
    name: 'gateway_database_waiting',
    help: 'Statements that wait for a connection of the pool.',
    registers: [registry],
    collect() {
      this.set(database().waiting)
    },
  })
}

function measureKeys(registry: Registry, keys: MetricSources['keys']): void {
  new Gauge({
    name: 'gateway_keys_age_seconds',
    help: "Time since the issuer's keys were fetched; absent while there are none.",
    registers: [registry],
    collect() {
      const { ageMs } = keys()
      if (ageMs === null) this.remove()
      else this.set(ageMs / 1_000)
    },
  })
  counterOf(
    registry,
    { name: 'gateway_keys_fetch_failures_total', help: "Failed fetches of the issuer's keys." },
    () => [[{}, keys().failedFetches]],
  )
}

/** The states that a series of `gateway_event_subscriptions` has from the start. */
const subscriptionStates = ['UNVERIFIED', 'ACTIVE', 'PAUSED', 'OFF'] as const

function measureBroker(registry: Registry, broker: NonNullable<EventNumbers['broker']>): void {
  counterOf(
    registry,
    { name: 'gateway_events_published_total', help: 'Events that NATS has taken for a delivering gateway.' },
    () => [[{}, broker.published]],
  )
  new Gauge({
    name: 'gateway_events_broker_connected',
    help: '1: NATS can be used. 0: events wait in the database.',
    registers: [registry],
    collect() {
      this.set(Number(broker.isConnected))
    },
  })
}

function measureEvents(registry: Registry, events: EventNumbers): void {
  if (events.broker !== null) measureBroker(registry, events.broker)
  const counters = [
    ['gateway_events_delivered_total', 'Events that an endpoint has taken.', () => events.delivered],
    ['gateway_events_dead_total', 'Deliveries that ended after their last attempt.', () => events.dead],
    ['gateway_event_subscriptions_off_total', 'Subscriptions that the gateway switched off.', () => events.switchedOff],
  ] as const
  for (const [name, help, read] of counters) counterOf(registry, { name, help }, () => [[{}, read()]])
  counterOf(
    registry,
    { name: 'gateway_events_failed_total', help: 'Failed attempts to deliver an event.', labelNames: ['reason'] },
    () => by('reason', events.failed),
  )
  const gauges = [
    ['gateway_events_pending', 'Events that wait for their delivery, in the database.', 'pending'],
    ['gateway_events_oldest_seconds', 'Time since the oldest event for an open endpoint was due.', 'oldestSeconds'],
  ] as const
  for (const [name, help, member] of gauges)
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        if (events.backlog === null) this.remove()
        else this.set(events.backlog[member])
      },
    })
  new Gauge({
    name: 'gateway_event_subscriptions',
    help: 'Subscriptions in the database.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      if (events.backlog === null) return
      for (const state of subscriptionStates) this.set({ state }, events.backlog.subscriptions[state] ?? 0)
    },
  })
}

/** How often Node looks at the event loop. Node counts this time as delay, so it is subtracted. */
const resolutionMs = 20

function measureEventLoop(registry: Registry, delays: ReturnType<typeof monitorEventLoopDelay>): void {
  new Gauge({
    name: 'gateway_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last scrape.',
    // Not `quantile`: Prometheus keeps that name for summaries.
    labelNames: ['percentile'],
    registers: [registry],
    collect() {
      for (const percentile of [50, 90, 99, 100])
        this.set({ percentile }, Math.max(0, delays.percentile(percentile) / 1e9 - resolutionMs / 1_000))
      delays.reset()
    },
  })
}

/** Gauges of the library that end with `_total`, against Prometheus' naming. The library also has them by type. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** The metrics of the process, made once, because the library cannot stop to measure some of them. */
let processMetrics: Registry | undefined

function metricsOfProcess(): Registry {
  if (processMetrics === undefined) {
    processMetrics = new Registry()
    collectDefaultMetrics({ register: processMetrics })
    for (const name of misnamed) processMetrics.removeSingleMetric(name)
  }
  return processMetrics
}

/** Every metric of the gateway and of its process. */
export function createExposition({ counts, database, keys, events }: MetricSources): Exposition {
  const registry = new Registry()
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  new Gauge({
    name: 'gateway_build_info',
    help: 'Always 1; the labels say which version runs on which Node.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1)
  countRequests(registry, counts)
  measureDatabase(registry, database)
  measureKeys(registry, keys)
  if (events) measureEvents(registry, events)
  measureEventLoop(registry, delays)
  const all = Registry.merge([registry, metricsOfProcess()])
  return { contentType: all.contentType, render: () => all.metrics(), close: () => void delays.disable() }
}
