import { useEffect } from 'preact/hooks'
import { go, places } from '../places/places.ts'
import { viewer } from '../session/session.ts'

/** The first screen: all clients, or the caller's own client where it sees no other. */
export function Start() {
  useEffect(() => {
    const caller = viewer.value
    go(caller === null || caller.seesAllClients ? places.clients() : places.client(caller.clientId), { isStep: false })
  }, [])
  return null
}
