import type { Place } from '../../src/development/embedded/place.ts'
import { dataOf } from '../../src/development/embedded/place.ts'
import { findPostmaster } from '../../src/development/embedded/postmaster.ts'
import { type Shot, send } from '../faults/open-loop.ts'
import { crowd } from '../faults/registry.ts'
import { openStage, type Stage } from '../faults/stage.ts'
import { median, processorSeconds } from '../support/processor-time.ts'

const rounds = 3
const seconds = 3

export interface Figures {
  readonly name: string
  readonly job: 'update' | 'read'
  /** Processor time of a served request in microseconds. */
  readonly server: number
  readonly database: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Requests that were refused with 503, for each one that was served. */
  readonly refused: number
}

/** One way to load the gateways: how many of them, and how many connections in all. */
interface Way {
  readonly name: string
  readonly gateways: number
  readonly connections: number
}

const overConnections = [10, 100, 1_000].map(
  (connections): Way => ({ name: `${connections.toLocaleString('en')} connections`, gateways: 1, connections }),
)
const overProcesses = [1, 2, 4].map(
  (gateways): Way => ({ name: gateways === 1 ? '1 process' : `${gateways} processes`, gateways, connections: 64 }),
)

/** REST requests of one client for its 200 connections in turn. Each update has a value of its own. */
function createShots({ issuer }: Stage, job: Figures['job']): () => Shot {
  const scope = 'connection:read connection:write'
  const head = `Host: gateway\r\nAuthorization: Bearer ${issuer.mint({ clientId: crowd[0]?.clientId, scope })}\r\n`
  let number = 0
  return () => {
    const { clientId, connectionId } = crowd[number++ % crowd.length] as (typeof crowd)[number] // the index is within
    const path = `/api/clients/${clientId}/connections/${connectionId} HTTP/1.1\r\n${head}`
    const body = `{"redirect_uri":"https://growth-${number}-${performance.now()}.example.ua/callback"}`
    return {
      text:
        job === 'read'
          ? `GET ${path}\r\n`
          : `PATCH ${path}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      statusOf: (status) => status,
    }
  }
}

async function measureOnce(
  stage: Stage,
  postmaster: number,
  { name, gateways, connections }: Way,
  job: Figures['job'],
) {
  const used = stage.gateways.slice(0, gateways)
  const spent = async () => ({
    server: (await Promise.all(used.map(({ pid }) => processorSeconds(pid())))).reduce((sum, one) => sum + one, 0),
    database: await processorSeconds(postmaster),
  })
  const before = await spent()
  const tallies = await Promise.all(
    used.map(({ origin }) =>
      send({
        ...{ port: Number(new URL(origin).port), connections: connections / gateways },
        ...{ seconds, rate: null, next: createShots(stage, job) },
      }),
    ),
  )
  const after = await spent()
  const timesOf = (status: number) => tallies.flatMap(({ answers }) => answers.get(status) ?? [])
  const times = timesOf(200).toSorted((a, b) => a - b)
  const microseconds = (of: 'server' | 'database') => ((after[of] - before[of]) / times.length) * 1e6
  return {
    name,
    job,
    server: microseconds('server'),
    database: microseconds('database'),
    p50: times[times.length >> 1] ?? 0,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
    refused: timesOf(503).length / times.length,
  }
}

/** Updates and reads over HTTP, in interleaved rounds, after one that is not counted. */
export async function measureHttp(base: Place, directory: string, what: 'connections' | 'processes') {
  const ways = what === 'connections' ? overConnections : overProcesses
  const gateways = Math.max(...ways.map((way) => way.gateways))
  const stage = await openStage(base, directory, { gateways, direct: true })
  try {
    await stage.startGateways()
    const postmaster = await findPostmaster(dataOf(stage.cluster.place.directory))
    const found: Figures[] = []
    for (let round = 0; round <= rounds; round++)
      for (const way of ways)
        for (const job of ['update', 'read'] as const) {
          const figures = await measureOnce(stage, postmaster?.pid ?? 0, way, job)
          if (round > 0) found.push(figures)
        }
    return ways.flatMap(({ name }) =>
      (['update', 'read'] as const).map((job): Figures => {
        const own = found.filter((figures) => figures.name === name && figures.job === job)
        const middle = (of: 'server' | 'database' | 'p50' | 'p99' | 'refused') => median(own.map((one) => one[of]))
        return {
          ...{ name, job, server: middle('server'), database: middle('database') },
          ...{ p50: middle('p50'), p99: middle('p99'), refused: middle('refused') },
        }
      }),
    )
  } finally {
    await stage.close()
  }
}
