import { ClientsDocument } from '../../client/documents/graphql.ts'
import { ask } from '../answers/ask.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { go, places } from '../places/places.ts'

/** Goes to the client or the connection that a pasted UUID names. false: there is none that the caller may see. */
export async function openByUuid(id: string): Promise<boolean> {
  const [client, owner] = await Promise.all([clientOf({ id }), clientOf({ connectionId: id })])
  if (client === id.toLowerCase()) go(places.client(client))
  else if (owner !== undefined) go(places.connection(owner, id.toLowerCase()))
  else announce(t('console.search.noUuid'))
  return client !== undefined || owner !== undefined
}

async function clientOf(filter: { readonly id: string } | { readonly connectionId: string }) {
  const { data } = await ask(ClientsDocument, { first: 1, filter })
  return data?.clients.edges[0]?.node.id
}
