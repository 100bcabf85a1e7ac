import sonicBoom from 'sonic-boom'

export interface LogDestination {
  write(line: string): void
}

export interface LogDestinationOptions {
  /** The file descriptor that gets the lines. */
  readonly fd: number
  /** Bytes of lines that may wait for the reader. Further lines are dropped and counted. */
  readonly waitingAtMost: number
  /** How long the process waits at its end for the reader of the last lines. */
  readonly lastWordsMs: number
}

/**
 * Writes the log without waiting for its reader. A slow reader or a full disk delays no request, takes a bounded amount
 * of memory, and does not keep the process from ending. Fastify's own destination does only the first of these.
 */
export function openLogDestination({ fd, waitingAtMost, lastWordsMs }: LogDestinationOptions): LogDestination {
  // The last write to a blocking pipe could wait for ever. Node makes the pipe non-blocking when it opens this stream.
  if (fd === 1) void process.stdout

  let lost = 0
  /** Whether the last write has failed. The next line is the next try, even if the buffer has no room for it. */
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
  // A failure to log cannot be logged.
  stream.on('error', () => {
    isBroken = true
  })
  process.on('exit', () => {
    triesUntil = performance.now() + lastWordsMs
    try {
      if (!isBroken) stream.flushSync()
    } catch {
      // The reader was too slow, and a failure to log cannot be logged.
    }
  })
  // This is not the stream itself: pino would flush that after a fatal line, and wait for the reader.
  return { write: (line) => void stream.write(line) }
}
