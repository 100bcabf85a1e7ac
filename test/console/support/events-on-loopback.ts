import { eventsOn } from '../../support/events.ts'
import { findFreePort } from '../../support/free-port.ts'

/** The environment of a gateway process that sends events to receivers of this machine. Its public URL is its own. */
export async function eventsOnLoopback(): Promise<Readonly<Record<string, string>>> {
  const port = String(await findFreePort())
  return { ...eventsOn, PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` }
}
