import { ClientCardDocument } from '../../client/documents/graphql.ts'
import { ask } from '../answers/ask.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { go, places } from '../places/places.ts'

/** Goes to the client with a pasted UUID. */
export async function openByUuid(id: string): Promise<void> {
  const { data } = await ask(ClientCardDocument, { id })
  if (data?.client) go(places.client(data.client.id))
  else announce(t('console.search.noUuid'))
}
