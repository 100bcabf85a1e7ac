import { env } from 'node:process'
import Relay from 'relay-runtime'
import { headersOf, spendFiveMinutes } from './minutes.mjs'
import ReadConnection from './source/__generated__/RelayReadQuery.graphql.js'
import UpdateConnection from './source/__generated__/RelayUpdateMutation.graphql.js'

const { commitMutation, Environment, fetchQuery, Network, RecordSource, Store } = Relay

/** Relay leaves the request to the program. The compiler's ids go into `documentId`. */
const networkFor = (token, refused) =>
  Network.create(async ({ id, text }, variables) => {
    const response = await fetch(`${env.GATEWAY}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headersOf(token) },
      body: JSON.stringify({ ...(text === null ? { documentId: id } : { query: text }), variables }),
    })
    const answer = await response.json()
    // Relay's own error for an answer without data has the messages of the errors, not their extensions.
    refused.push(...(answer.errors ?? []))
    return answer
  })

const refused = []
const store = new Store(new RecordSource())
const environmentFor = (token) => new Environment({ network: networkFor(token, refused), store })

await spendFiveMinutes(async (name, variables, token) => {
  refused.length = 0
  const environment = environmentFor(token)
  const answer =
    name === 'update'
      ? new Promise((resolve, reject) =>
          commitMutation(environment, { mutation: UpdateConnection, variables, onCompleted: resolve, onError: reject }),
        )
      : fetchQuery(environment, ReadConnection, variables, {
          fetchPolicy: token === undefined ? 'network-only' : 'store-or-network',
        }).toPromise()
  try {
    return { data: await answer, errors: refused.map(({ extensions }) => extensions) }
  } catch (error) {
    if (refused.length === 0) throw error
    return { errors: refused.map(({ extensions }) => extensions) }
  }
})
