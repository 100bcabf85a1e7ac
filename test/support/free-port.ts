import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { codeOf } from '../../src/system-error.ts'

/** Linux gives the ports above these to clients and to port 0, so a connection of another program takes none of them. */
const [first, last] = [15_000, 32_000]

/** A port of the loopback interface that nobody listens on at this moment, for programs that have to be told one. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(first, last)
    const probe = createServer().listen(port, '127.0.0.1')
    try {
      await once(probe, 'listening')
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error
      continue
    }
    probe.close()
    await once(probe, 'close')
    return port
  }
}
