import type { GraphiQLOptions } from 'graphql-yoga'
import { demo } from '../../prisma/seed.ts'

/** What GraphiQL opens with: the operation this gateway is for, and a caller who may run it. */
export const exampleMutation = `# Changes where sign-in returns to. The token is in the Headers tab; \`npm run token\` prints others.
mutation UpdateClientConnection($input: UpdateClientConnectionInput!) {
  updateClientConnection(input: $input) {
    clientConnection {
      id
      clientId
      consumerId
      redirectUri
      updatedAt
    }
  }
}
`

export const exampleVariables = {
  input: { clientId: demo.msp.clientId, connectionId: demo.connectionId, redirectUri: 'https://example3.com' },
}

/** Options of the GraphiQL page. */
export function graphiqlOptions(token: string | undefined): GraphiQLOptions {
  const headers = JSON.stringify({ authorization: `Bearer ${token ?? '<access token of your issuer>'}` }, null, 2)
  return {
    title: 'Mithril connection gateway',
    headers,
    defaultHeaders: headers,
    defaultTabs: [{ query: exampleMutation, variables: JSON.stringify(exampleVariables, null, 2), headers }],
    defaultQuery: exampleMutation,
    schemaDescription: true,
  }
}
