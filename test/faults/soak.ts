import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openInspector } from './inspector.ts'
import { acknowledged } from './ledger.ts'
import { openStage } from './stage.ts'
import { judgeAnswers, judgeRegistry } from './verdict.ts'
import { withBaseCluster } from './workshop.ts'

/** Nothing is wrong, for long: memory has to stay what it was. */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error('--minutes is a number above 0')

const samples = 40
/** The heap is looked at now and then only: to collect its garbage is to help. */
const samplesForEachCollection = 4
/** Caches fill, code is compiled: what counts is how it goes on from there. */
const settled = 0.25
/**
 * Growth of the heap over the rest of the time, as a share of what is in use, that is none: the memory of verified
 * tokens fills up meanwhile, to a few MB. A hundred bytes for each request would be ten times as much.
 */
const growthAtMost = 0.1

interface Sample {
  readonly minute: number
  readonly resident: number
  /** After a collection. */
  readonly heap: number | null
}

const say = (text: string) => process.stdout.write(`${text}\n`)

/** Least squares: how much a value grows in a minute. */
function slope(points: readonly { readonly minute: number; readonly value: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(({ minute }) => minute)), mean(points.map(({ value }) => value))]
  const covariance = points.reduce((sum, { minute, value }) => sum + (minute - x) * (value - y), 0)
  return covariance / points.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0)
}

const findings = await withBaseCluster(async (base, place) => {
  const stage = await openStage(base, place('soak'), { nodeOptions: ['--inspect=127.0.0.1:0'] })
  try {
    await stage.startGateways()
    const inspector = await openInspector(stage.gateway.inspector() ?? '')
    stage.startTraffic()
    const startedAt = performance.now()
    const taken: Sample[] = []
    for (let number = 1; number <= samples; number++) {
      await delay(startedAt + (number / samples) * minutes * 60_000 - performance.now())
      const resident = await stage.gateway.memory()
      const heap = number % samplesForEachCollection === 0 ? await inspector.heapAfterCollection() : null
      const sample = { minute: (performance.now() - startedAt) / 60_000, resident, heap }
      taken.push(sample)
      const { minute } = sample
      say(
        `${minute.toFixed(2)} min: ${resident.toFixed(0)} MB resident, ${heap === null ? '' : `${heap.toFixed(1)} MB of heap after a collection, `}${stage.ledger.length} requests`,
      )
    }
    inspector.close()
    await stage.stopTraffic()

    const { ledger, gateway } = stage
    const rest = taken.filter(({ minute }) => minute >= settled * minutes)
    const heaps = rest.flatMap(({ minute, heap }) => (heap === null ? [] : [{ minute, value: heap }]))
    const heapGrows = slope(heaps)
    const growth = (heapGrows * minutes * (1 - settled)) / (heaps[0]?.value ?? 1)
    const peak = await gateway.peakMemory()
    say(
      `${ledger.filter(acknowledged).length} updates acknowledged, ${ledger.filter(({ outcome }) => outcome === 503).length} × 503`,
    )
    say(
      `after ${(settled * minutes).toFixed(1)} minutes the heap grows by ${heapGrows.toFixed(3)} MB a minute (${(100 * growth).toFixed(1)} % of it over the rest), ` +
        `resident memory by ${slope(rest.map(({ minute, resident }) => ({ minute, value: resident }))).toFixed(2)}; peak ${peak.toFixed(0)} MB`,
    )
    stage.expect(growth <= growthAtMost, `the heap has grown by ${(100 * growth).toFixed(1)} %`)
    stage.expect(peak < 512, `it took ${peak.toFixed(0)} MB`)
    stage.expect(gateway.unexpectedExits.length === 0, 'it has ended by itself')
    return [
      ...stage.findings,
      ...judgeAnswers(ledger, [gateway.absences]),
      ...(await judgeRegistry(stage.cluster.query, ledger)),
    ]
  } finally {
    await stage.close()
  }
})
for (const finding of findings) say(`- ${finding}`)
say(findings.length === 0 ? 'flat' : 'not flat')
// At once: Node's own end may wait for ever for a socket that a fault has left half closed.
process.exit(findings.length === 0 ? 0 : 1)
