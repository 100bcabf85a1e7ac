import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** One request, written out, and how its answer is read. */
export interface Shot {
  readonly text: string
  /** The status of the outcome, from the HTTP status and the body. */
  readonly statusOf: (status: number, body: string) => number
  readonly onAnswer?: (status: number) => void
}

export interface Load {
  readonly port: number
  /** How many connections may be open at once. */
  readonly connections: number
  readonly seconds: number
  /** Requests in a second, whether or not the ones before are answered; null: as many as are answered. */
  readonly rate: number | null
  readonly next: () => Shot
}

/** What became of the requests of a load: how many answers of each status, and their times in milliseconds. */
export interface Tally {
  readonly seconds: number
  readonly answers: ReadonlyMap<number, readonly number[]>
  /** Due, and never sent, because no connection was free. */
  readonly unsent: number
  /** Sent, and not answered. */
  readonly lost: number
}

interface Line {
  readonly socket: Socket
  received: string
  shot: Shot | null
  sentAt: number
}

/**
 * Sends a load over bare sockets. A client library would cost more than the gateway does, and take the processor that
 * both share; and it would wait for answers before it asks again, while the world does not.
 */
export async function send({ port, connections, seconds, rate, next }: Load): Promise<Tally> {
  const answers = new Map<number, number[]>()
  const free: Line[] = []
  const lines: Line[] = []
  let unsent = 0
  let lost = 0
  let running = true

  const fire = (line: Line) => {
    line.shot = next()
    line.sentAt = performance.now()
    line.socket.write(line.shot.text, 'latin1')
  }

  function receive(line: Line, text: string): void {
    line.received += text
    const headEnd = line.received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const at = line.received.indexOf('content-length: ')
    const length = at < 0 || at > headEnd ? 0 : Number.parseInt(line.received.slice(at + 16, at + 26), 10)
    if (line.received.length < headEnd + 4 + length) return
    const { shot, sentAt } = line
    const status = shot?.statusOf(Number(line.received.slice(9, 12)), line.received.slice(headEnd + 4)) ?? 0
    line.received = ''
    line.shot = null
    const times = answers.get(status) ?? []
    answers.set(status, times)
    times.push(performance.now() - sentAt)
    shot?.onAnswer?.(status)
    if (rate === null && running) fire(line)
    else free.push(line)
  }

  function open(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const line: Line = { socket, received: '', shot: null, sentAt: 0 }
    lines.push(line)
    socket.setEncoding('latin1')
    socket.on('connect', () => {
      free.push(line)
      resolve()
    })
    socket.on('data', (text: string) => receive(line, text))
    socket.on('error', () => {})
    socket.on('close', () => {
      if (line.shot !== null) lost += 1
      line.shot = null
      resolve()
    })
    return promise
  }

  await Promise.all(Array.from({ length: connections }, open))
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1_000
  if (rate === null) for (const line of free.splice(0)) fire(line)
  else {
    let due = startedAt
    while (due < endsAt) {
      const now = performance.now()
      for (; due <= now && due < endsAt; due += 1_000 / rate) {
        // The longest idle one, as a balancer would: a burst is spread over all of them.
        const line = free.shift()
        if (line === undefined) unsent += 1
        else fire(line)
      }
      await delay(1)
    }
  }
  while (performance.now() < endsAt) await delay(5)
  running = false
  // What is still under way gets as long as any answer may take.
  const patience = performance.now() + 10_000
  while (lines.some(({ shot }) => shot !== null) && performance.now() < patience) await delay(10)
  lost += lines.filter(({ shot }) => shot !== null).length
  for (const { socket } of lines) socket.destroy()
  return { seconds, answers, unsent, lost }
}
