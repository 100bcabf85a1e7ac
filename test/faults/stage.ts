import { join } from 'node:path'
import type { Place } from '../../src/development/embedded/place.ts'
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'
import { createGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import type { Ledger } from './ledger.ts'
import { type Cluster, copyCluster } from './postgres-cluster.ts'
import type { Connection } from './registry.ts'
import { startTraffic, type Traffic } from './traffic.ts'

export interface StageOptions {
  /** How many gateways callers are spread over. */
  readonly gateways?: number
  readonly environment?: Readonly<Record<string, string>>
  /** Settings of PostgreSQL, as `name=value`. */
  readonly settings?: readonly string[]
  /** No link in between: it runs in the process of the callers, and takes processor time from both. */
  readonly direct?: boolean
  readonly nodeOptions?: readonly string[]
  /** What is written to, if that is not everything. */
  readonly targets?: readonly Connection[]
}

/** A database, a link to it, an issuer, the gateways between them, and callers: what faults are done to. */
export interface Stage {
  /** The database that is the registry now: a fault may put another one in its place. */
  cluster: Cluster
  readonly link: PostgresProxy
  readonly issuer: TestIssuer
  readonly gateways: readonly GatewayProcess[]
  readonly gateway: GatewayProcess
  readonly ledger: Ledger
  /** A copy of the registry as it was before the gateway, for another server. */
  copy(name: string): Promise<Cluster>
  startGateways(): Promise<void>
  startTraffic(): void
  /** Ends the callers, after the last answer. */
  stopTraffic(): Promise<void>
  /** Figures of a fault's own. */
  readonly notes: string[]
  /** What a fault has found beside what is checked after each of them. */
  readonly findings: string[]
  expect(holds: boolean, otherwise: string): void
  close(): Promise<void>
}

/**
 * The gateway's configuration on a stage. One caller of this run does what many do in the world, so the limits for one
 * are off.
 */
const limitless = { WRITE_LIMIT_PER_MINUTE: '0', AUTH_FAILURE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'info' }

/** Sets a stage in `directory`; its gateways do not run yet. */
export async function openStage(base: Place, directory: string, options: StageOptions = {}): Promise<Stage> {
  const { gateways: count = 1, environment = {}, settings = [], direct = false, nodeOptions = [], targets } = options
  const copy = (name: string) => copyCluster(base, join(directory, name))
  const first = await copy('registry')
  const stage: { cluster: Cluster } = { cluster: first }
  const copies = [first]
  await first.start(settings)
  const link = await startPostgresProxy(() => stage.cluster.url)
  const issuer = await startTestIssuer()
  const gateways = Array.from({ length: count }, (_, number) =>
    createGatewayProcess({
      logFile: join(directory, `gateway-${number}.log`),
      environment: {
        ...limitless,
        DATABASE_URL: direct ? first.url : link.url,
        TOKEN_ISSUER: issuer.issuer,
        TOKEN_AUDIENCE: issuer.audience,
        TOKEN_JWKS_URL: issuer.jwksUrl,
        ...environment,
      },
      nodeOptions,
    }),
  )
  const ledger: Ledger = []
  const findings: string[] = []
  const notes: string[] = []
  let traffic: Traffic | undefined

  return Object.assign(stage, {
    link,
    issuer,
    gateways,
    gateway: gateways[0] as GatewayProcess, // there is at least one
    ledger,
    findings,
    notes,
    async copy(name: string) {
      const cluster = await copy(name)
      copies.push(cluster)
      return cluster
    },
    startGateways: async () => void (await Promise.all(gateways.map((gateway) => gateway.start()))),
    startTraffic() {
      traffic = startTraffic({
        origins: gateways.map((gateway) => () => gateway.origin),
        issuer,
        ledger,
        ...(targets && { targets }),
      })
    },
    async stopTraffic() {
      await traffic?.stop()
      traffic = undefined
    },
    expect(holds: boolean, otherwise: string) {
      if (!holds) findings.push(otherwise)
    },
    async close() {
      await traffic?.stop()
      for (const gateway of gateways) await gateway.end('SIGKILL').catch(() => {})
      await link.close()
      await issuer.close()
      for (const cluster of copies) await cluster.stop('immediate')
    },
  })
}
