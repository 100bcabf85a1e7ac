import { env } from 'node:process'
import { ClientError, GraphQLClient } from 'graphql-request'
import { documents } from './documents.mjs'
import { headersOf, spendFiveMinutes } from './minutes.mjs'

/** graphql-request knows no ids: a middleware puts the id in the place of the text. */
function withId(request) {
  const { query, ...rest } = JSON.parse(request.body)
  const { id } = Object.values(documents).find(({ text }) => text === query)
  return { ...request, body: JSON.stringify({ ...rest, documentId: id }) }
}

const client = new GraphQLClient(`${env.GATEWAY}/graphql`, env.PERSISTED ? { requestMiddleware: withId } : {})

await spendFiveMinutes(async (name, variables, token) => {
  try {
    return { data: await client.request(documents[name].text, variables, headersOf(token)), errors: [] }
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    return { errors: error.response.errors.map(({ extensions }) => extensions) }
  }
})
