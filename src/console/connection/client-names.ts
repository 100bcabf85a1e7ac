import { signal } from '@preact/signals'
import { ClientCardDocument } from '../../client/documents/graphql.ts'
import { ask } from '../answers/ask.ts'
import { viewer } from '../session/session.ts'

// The history has ids only. Names are looked up once each, and only by a caller that may see other clients.
const names = signal<ReadonlyMap<string, string | null>>(new Map())
const askedFor = new Set<string>()

/** Tells the name of a client that some answer had. */
export function learnName(id: string, name: string | null): void {
  if (names.peek().get(id) !== name) names.value = new Map(names.peek()).set(id, name)
  askedFor.add(id)
}

/** The name of a client. undefined: not known, or not yet. */
export function clientName(id: string): string | null | undefined {
  const name = names.value.get(id)
  const maySee = viewer.value?.seesAllClients === true || viewer.value?.clientId === id
  if (name === undefined && maySee && !askedFor.has(id)) void lookUp(id)
  return name
}

async function lookUp(id: string): Promise<void> {
  askedFor.add(id)
  const { data } = await ask(ClientCardDocument, { id })
  if (data?.client) learnName(id, data.client.name)
}
