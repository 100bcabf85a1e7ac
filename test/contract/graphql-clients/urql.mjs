import { env } from 'node:process'
import { Client, cacheExchange, fetchExchange } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'
import { documents } from './documents.mjs'
import { headersOf, spendFiveMinutes } from './minutes.mjs'

/** With PERSISTED urql sends its own hash of a document, and never a text. */
const byId = persistedExchange({
  enableForMutation: true,
  enforcePersistedQueries: true,
  preferGetForPersistedQueries: false,
})

// Each caller has a client of its own, as a UI makes a new one after a sign-in.
const clientFor = (token) =>
  new Client({
    url: `${env.GATEWAY}/graphql`,
    exchanges: [cacheExchange, ...(env.PERSISTED ? [byId] : []), fetchExchange],
    fetchOptions: { headers: headersOf(token) },
    preferGetMethod: false,
  })
const signedIn = clientFor(env.TOKEN)

await spendFiveMinutes(async (name, variables, token) => {
  const client = token === undefined ? clientFor(undefined) : signedIn
  const document = documents[name].text
  const { data, error } =
    name === 'update' ? await client.mutation(document, variables) : await client.query(document, variables)
  if (error?.networkError) throw error.networkError
  return { data, errors: error?.graphQLErrors.map(({ extensions }) => extensions) ?? [] }
})
