import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, NotPossible } from '../fault.ts'
import type { Door } from '../ledger.ts'
import { type Shot, send, type Tally } from '../open-loop.ts'
import { crowd } from '../registry.ts'
import type { Stage } from '../stage.ts'

/** Callers that each wait for their answer: enough to keep the gateway at work all the time. */
const callers = 32
/**
 * More than that, and still no overload: so many fit into the pool and the queue in front of it, and each waits for its
 * answer.
 */
const patientCallers = 128
/**
 * Connections over which a rate is spread: more than are under way where each is answered within a good part of the
 * second it may take.
 */
const connections = 2_000
const seconds = 3
/** A load is sustainable where nearly everybody is served, and at once. */
const servedShare = 0.99
const servedWithinMs = 300
/** Shares of the most that can be squeezed out of the gateway, tried from the top. */
const shares = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
const times = 3
/** Calm and storm in turn, since the machine may have other work in one of them. */
const rounds = 3
/** Of what is served in a calm; and of what was due in a storm, what may have got no answer. */
const goodShare = 0.7
const unansweredShare = 0.01
const refusedWithinMs = 1_000

/** Updates through both doors, each with a value of its own, written down in the ledger. */
function createShots({ issuer, ledger }: Stage): () => Shot {
  const token = issuer.mint({ clientId: crowd[0]?.clientId })
  const head = `Host: gateway\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
  const document = JSON.stringify(
    'mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { redirectUri } } }',
  )
  let number = 0
  return () => {
    const { clientId, connectionId } = crowd[number % crowd.length] as (typeof crowd)[number] // the index is within
    const door: Door = number % 2 === 0 ? 'REST' : 'GRAPHQL'
    const uri = `https://load-${++number}.example.ua/callback`
    const [line, body] =
      door === 'REST'
        ? [`PATCH /api/clients/${clientId}/connections/${connectionId}`, `{"redirect_uri":"${uri}"}`]
        : [
            'POST /graphql',
            `{"query":${document},"variables":{"input":{"clientId":"${clientId}","connectionId":"${connectionId}","redirectUri":"${uri}"}}}`,
          ]
    const startedAt = performance.now()
    return {
      text: `${line} HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`,
      statusOf: (status, answer) => (status === 200 && answer.includes('"SERVICE_UNAVAILABLE"') ? 503 : status),
      onAnswer: (outcome) =>
        ledger.push({
          ...{
            kind: 'write',
            door,
            gateway: 0,
            what: 'an update under load',
            uri,
            connectionId,
            expected: [200],
            outcome,
          },
          ...{ startedAt, endedAt: performance.now(), retryAfter: '1', shown: outcome === 200 ? uri : null },
        }),
    }
  }
}

const count = ({ answers }: Tally, status: number) => answers.get(status)?.length ?? 0
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
const quantile = (numbers: readonly number[], share: number) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)] ?? 0

type Send = (rate: number | null) => Promise<Tally>

/** The highest rate at which nearly everybody is served, and at once; null where there is none. */
async function findSustainable(sendAt: Send): Promise<number | null> {
  const most = count(await sendAt(null), 200) / seconds
  for (const share of shares) {
    const { answers } = await sendAt(share * most)
    const served = answers.get(200) ?? []
    if (served.length >= servedShare * share * most * seconds && quantile(served, 0.99) <= servedWithinMs)
      return share * most
  }
  return null
}

/** What came of a load and of three times as much, in words, and what is wrong with it. */
async function measure(sendAt: Send): Promise<{ notes: string[]; findings: string[] }> {
  const sustainable = await findSustainable(sendAt)
  if (sustainable === null) throw new NotPossible('the machine has no time: not even half of a load is served in full')
  const calm: number[] = []
  const storm: number[] = []
  const refusedAfter: number[] = []
  let unanswered = 0
  for (let round = 0; round < rounds; round++) {
    calm.push(count(await sendAt(sustainable), 200) / seconds)
    const tally = await sendAt(times * sustainable)
    storm.push(count(tally, 200) / seconds)
    refusedAfter.push(...(tally.answers.get(503) ?? []))
    unanswered += tally.unsent + tally.lost
  }
  const due = times * sustainable * seconds * rounds
  const share = median(storm) / median(calm)
  const slow = quantile(refusedAfter, 0.99)
  const notes = [
    `${median(calm).toFixed(0)}/s of ${sustainable.toFixed(0)}/s are served, and ${median(storm).toFixed(0)}/s of ${times} times as many (${(100 * share).toFixed(0)} %)`,
    `refused after ${median(refusedAfter).toFixed(0)} ms, 99 % within ${slow.toFixed(0)} ms`,
    `${unanswered} of ${due.toFixed(0)} not answered`,
  ]
  const findings = [
    ...(share < goodShare ? [`goodput is ${(100 * share).toFixed(0)} % of what is sustainable`] : []),
    ...(slow > refusedWithinMs ? [`1 % of the rest waited more than ${slow.toFixed(0)} ms for its refusal`] : []),
    ...(unanswered > unansweredShare * due
      ? [`${unanswered} of ${due.toFixed(0)} requests were not answered at all`]
      : []),
  ]
  return { notes, findings }
}

export const overload: Fault = {
  name: 'three times the load that it can take',
  direct: true,
  async strike(stage) {
    await stage.stopTraffic()
    const next = createShots(stage)
    const port = Number(new URL(stage.gateway.origin).port)
    const sendAt: Send = (rate) =>
      send({ port, seconds, next, rate, connections: rate === null ? callers : connections })
    // The first one is for the compiler.
    await sendAt(null)
    let measured = await measure(sendAt)
    stage.notes.push(...measured.notes)
    if (measured.findings.length > 0) {
      // Once more, from the beginning: callers, database and gateway share the processors with whatever else the
      // machine does.
      measured = await measure(sendAt)
      stage.notes.push('measured again', ...measured.notes)
    }
    stage.findings.push(...measured.findings)
    const patient = await send({ port, seconds, next, rate: null, connections: patientCallers })
    const [served, refused] = [count(patient, 200), count(patient, 503)]
    stage.expect(
      refused <= 0.01 * served,
      `of ${patientCallers} callers who wait for their answers ${refused} were refused, ${served} served`,
    )
    stage.startTraffic()
    await delay(100)
  },
}
