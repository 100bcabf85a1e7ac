const base = import.meta.env.BASE_URL

type Search = Readonly<Record<string, string | null | undefined>>

/** The address of a screen with its state. Empty values are left out. */
function place(path: string, search: Search = {}): string {
  const given = Object.entries(search).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return `${base}${path}${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`
}

/** The addresses of all screens. */
export const places = {
  clients: (search?: Search) => place('clients', search),
  client: (id: string, search?: Search) => place(`clients/${id}`, search),
  connection: (clientId: string, connectionId: string, search?: Search) =>
    place(`clients/${clientId}/connections/${connectionId}`, search),
  connections: (search?: Search) => place('connections', search),
  events: (search?: Search) => place('events', search),
  newSubscription: (search?: Search) => place('events/new', search),
  subscription: (id: string, search?: Search) => place(`events/${id}`, search),
  me: () => place('me'),
}

/** Goes to an address. `isStep: false`: Back does not come back to the present one. */
export function go(address: string, { isStep = true } = {}): void {
  navigation.navigate(address, { history: isStep ? 'push' : 'replace' })
}
