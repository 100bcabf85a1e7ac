import { readFile } from 'node:fs/promises'
import { env } from 'node:process'
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists'
import { headersOf, spendFiveMinutes } from './minutes.mjs'

const documents = {
  read: gql(await readFile('documents/ReadConnection.graphql', 'utf8')),
  update: gql(await readFile('documents/UpdateConnection.graphql', 'utf8')),
}

/** With PERSISTED the client sends the ids of its own manifest. */
function linkTo(uri) {
  const http = new HttpLink({ uri })
  if (env.PERSISTED === undefined) return http
  const loadManifest = async () => JSON.parse(await readFile('apollo.json', 'utf8'))
  return new PersistedQueryLink(generatePersistedQueryIdsFromManifest({ loadManifest })).concat(http)
}

const client = new ApolloClient({ cache: new InMemoryCache(), link: linkTo(`${env.GATEWAY}/graphql`) })

await spendFiveMinutes(async (name, variables, token) => {
  const context = { headers: headersOf(token) }
  try {
    const { data } =
      name === 'update'
        ? await client.mutate({ mutation: documents.update, variables, context })
        : await client.query({
            query: documents.read,
            variables,
            context,
            // The answer without a token is the server's own. Else the cache answers what it knows.
            fetchPolicy: token === undefined ? 'network-only' : 'cache-first',
          })
    return { data, errors: [] }
  } catch (error) {
    if (!CombinedGraphQLErrors.is(error)) throw error
    return { errors: error.errors.map(({ extensions }) => extensions) }
  }
})
