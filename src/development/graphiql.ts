import type { GraphiQLOptions } from 'graphql-yoga'
import { demo } from '../../prisma/seed-data.ts'
import * as examples from './examples.ts'

interface DemoClient {
  readonly clientId: string
  readonly clientType: string
}

/** Makes an access token, as the development issuer does. */
export type SignToken = (token: DemoClient & { readonly scope: string }) => Promise<string>

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete'

const headersWith = (token = '<access token of your issuer>') =>
  JSON.stringify({ authorization: `Bearer ${token}` }, null, 2)

/**
 * Options of the GraphiQL page: a tab for each example, with fresh tokens at each load.
 * @param sign undefined: people bring tokens of their own
 */
export async function graphiqlOptions(sign?: SignToken): Promise<GraphiQLOptions> {
  const headersOf = async (client: DemoClient) => headersWith(await sign?.({ ...client, scope }))
  // The examples are about this client; the other one sees all clients.
  const [headers, adminsHeaders] = await Promise.all([headersOf(demo.msp), headersOf(demo.admin)])
  const tab = (query: string, variables?: object, itsHeaders = headers) => ({
    query,
    variables: variables === undefined ? '' : JSON.stringify(variables, null, 2),
    headers: itsHeaders,
  })
  return {
    title: 'Mithril connection gateway',
    headers,
    defaultHeaders: headers,
    // Titles of tabs are the names of their operations.
    defaultTabs: [
      tab(examples.openingMutation),
      tab(examples.clients, examples.clientsVariables, adminsHeaders),
      tab(examples.connection, examples.connectionVariables),
      tab(examples.check, examples.checkVariables),
      tab(examples.revert, examples.revertVariables),
    ],
    defaultQuery: examples.openingMutation,
    schemaDescription: true,
  }
}
