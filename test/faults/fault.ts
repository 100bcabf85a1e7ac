import { setTimeout as delay } from 'node:timers/promises'
import type { Place } from '../../src/development/embedded/place.ts'
import { type Attempt, acknowledged, type Door } from './ledger.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'
import { judgeAnswers, judgeLog, judgeRegistry, judgeStrangers } from './verdict.ts'

/** Something that goes wrong, and what the gateway has to live through. */
export interface Fault extends StageOptions {
  readonly name: string
  /** Goes wrong before the gateway starts: until `strike` has ended nobody is served. */
  prepare?(stage: Stage): Promise<void>
  /** Does harm, for as long as it lasts. Answers when it ended (`performance.now()`), if that was not at its end. */
  strike(stage: Stage): Promise<number | undefined>
  /** Keys cannot be fetched: a signature that fits no kept key may be one of the issuer's new key, so it is 503. */
  readonly takesKeys?: true
  /** How soon it has to serve again. */
  readonly backWithinMs?: number
}

/** A fault that cannot be made here. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible'
}

export interface Outcome {
  readonly figures: string
  /** Empty: passed. */
  readonly findings: readonly string[]
}

const memoryAtMostMB = 512
const doors: readonly Door[] = ['REST', 'GRAPHQL']

/**
 * When somebody had first been served through each door of each gateway by a request that began after `from`; null: not
 * yet.
 */
function servedSince(stage: Stage, from: number): number | null {
  let last = from
  for (let gateway = 0; gateway < stage.gateways.length; gateway++)
    for (const door of doors) {
      const first = stage.ledger.find(
        (one) => acknowledged(one) && one.startedAt >= from && one.door === door && one.gateway === gateway,
      )
      if (first === undefined) return null
      last = Math.max(last, first.endedAt)
    }
  return last
}

async function untilServed(stage: Stage, from: number, withinMs: number): Promise<number | null> {
  for (;;) {
    const at = servedSince(stage, from)
    if (at !== null || performance.now() > from + withinMs) return at === null ? null : at - from
    await delay(20)
  }
}

/** For so long everything has to be well again, and for most requests: the machine may have other work. */
const steadyMs = 1_500
const steadyShare = 0.9

function judgeSteadiness(ledger: readonly Attempt[], from: number): string[] {
  const writes = ledger.filter(({ kind, startedAt }) => kind === 'write' && startedAt >= from)
  const good = writes.filter(acknowledged).length
  return writes.length > 0 && good >= steadyShare * writes.length
    ? []
    : [`afterwards only ${good} of ${writes.length} writes are served`]
}

/** Sets a stage, lets it run, does it harm, lets it recover, and judges what came of it. */
export async function suffer(fault: Fault, base: Place, directory: string): Promise<Outcome> {
  const { backWithinMs = 5_000 } = fault
  const stage = await openStage(base, directory, fault)
  try {
    await fault.prepare?.(stage)
    await stage.startGateways()
    stage.startTraffic()
    if (fault.prepare === undefined) {
      stage.expect((await untilServed(stage, performance.now(), 10_000)) !== null, 'nobody was served before the fault')
      await delay(500)
    }
    const struckAt = performance.now()
    const endedAt = (await fault.strike(stage)) ?? performance.now()
    const backAfter = await untilServed(stage, endedAt, backWithinMs)
    stage.expect(
      backAfter !== null,
      `not served again through both doors ${backWithinMs} ms after the end of the fault`,
    )
    const steadyFrom = performance.now()
    await delay(steadyMs)
    await stage.stopTraffic()

    const { ledger, gateways } = stage
    const memory = Math.max(...(await Promise.all(gateways.map((gateway) => gateway.peakMemory()))))
    stage.expect(memory < memoryAtMostMB, `it took ${memory.toFixed(0)} MB`)
    for (const { unexpectedExits, complaints } of gateways) {
      stage.expect(unexpectedExits.length === 0, `it has ended by itself: ${unexpectedExits.join(', ')}`)
      stage.expect(complaints().length === 0, `it has written beside its log: ${complaints().join('').slice(0, 500)}`)
    }
    const findings = [
      ...stage.findings,
      ...judgeAnswers(
        ledger,
        gateways.map(({ absences }) => absences),
      ),
      ...(fault.prepare === undefined ? judgeStrangers(ledger, fault.takesKeys === true) : []),
      ...judgeSteadiness(ledger, steadyFrom),
      ...(await Promise.all(gateways.map((gateway) => gateway.log()))).flatMap(judgeLog),
      ...(await judgeRegistry(stage.cluster.query, ledger)),
    ]
    const count = (which: (one: Attempt) => boolean) => ledger.filter(which).length
    const slowest = ledger.reduce((most, { startedAt, endedAt }) => Math.max(most, endedAt - startedAt), 0)
    const figures = [
      `${count(acknowledged)} acknowledged`,
      `${count(({ kind, outcome }) => kind === 'bad' && outcome !== 503)} refused`,
      `${count(({ outcome }) => outcome === 503)} × 503`,
      `${count(({ outcome }) => typeof outcome === 'string')} broken`,
      `slowest ${(slowest / 1_000).toFixed(1)} s`,
      `lasted ${((endedAt - struckAt) / 1_000).toFixed(1)} s`,
      `back after ${backAfter === null ? '–' : (backAfter / 1_000).toFixed(2)} s`,
      `${memory.toFixed(0)} MB`,
      ...stage.notes,
    ].join(', ')
    return { figures, findings }
  } finally {
    await stage.close()
  }
}
