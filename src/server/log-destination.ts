import sonicBoom from 'sonic-boom'

export interface LogDestination {
  write(line: string): void
}

export interface LogDestinationOptions {
  /** Where lines go. */
  readonly fd: number
  /** Bytes of lines that may wait for whoever reads them; more are lost, and counted. */
  readonly waitingAtMost: number
  /** What still waits at the end of the process has so long to be read. */
  readonly lastWordsMs: number
}

/**
 * Writes the log without waiting for its reader. One that is slow, or has hung, or a disk that is full, keeps no caller
 * waiting, takes a bounded amount of memory, and does not keep the process from ending. Fastify's own destination would
 * do the first of these only.
 */
export function openLogDestination({ fd, waitingAtMost, lastWordsMs }: LogDestinationOptions): LogDestination {
  // A pipe may be a blocking one, on which the last words would wait for ever. Node changes that when it opens the
  // stream.
  if (fd === 1) void process.stdout

  let lost = 0
  /** Whether the last try has failed. The next line is the next try, also one that finds no room. */
  let isBroken = false
  let triesUntil = Number.POSITIVE_INFINITY
  const stream = new sonicBoom.SonicBoom({
    fd,
    maxLength: waitingAtMost,
    retryEAGAIN: () => performance.now() < triesUntil,
  })

  stream.on('drop', () => {
    lost += 1
    if (isBroken) stream.flush()
  })
  stream.on('write', () => {
    isBroken = false
  })
  stream.on('drain', () => {
    if (lost === 0) return
    const line = { level: 40, time: Date.now(), lost, msg: 'lines of the log were lost: nobody read them in time' }
    lost = 0
    stream.write(`${JSON.stringify(line)}\n`)
  })
  // There is nobody left to tell: the log is where it would be told.
  stream.on('error', () => {
    isBroken = true
  })
  process.on('exit', () => {
    triesUntil = performance.now() + lastWordsMs
    try {
      if (!isBroken) stream.flushSync()
    } catch {
      // It has had its time.
    }
  })
  // Not the stream itself: pino would flush it at a fatal line, and wait for the reader.
  return { write: (line) => void stream.write(line) }
}
