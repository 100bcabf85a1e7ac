import { demo } from '../../prisma/seed-data.ts'

/** What both forms of the update ask back. */
const updated = `clientConnection {
      id
      clientId
      consumerId
      redirectUri
      version
      updatedAt
    }`

/** The operation that this gateway is for, as a program sends it. */
export const exampleMutation = `mutation UpdateClientConnection($input: UpdateClientConnectionInput!) {
  updateClientConnection(input: $input) {
    ${updated}
  }
}
`

export const exampleVariables = {
  input: { clientId: demo.msp.clientId, connectionId: demo.connectionId, redirectUri: 'https://example3.com' },
}

/** The same without variables: GraphiQL 5 does not show those of the tab that it opens with. */
export const openingMutation = `# Changes where sign-in returns to. The token is in the Headers tab; \`npm run token\` prints others.
mutation UpdateClientConnection {
  updateClientConnection(
    input: {
      clientId: "${demo.msp.clientId}"
      connectionId: "${demo.connectionId}"
      redirectUri: "${exampleVariables.input.redirectUri}"
    }
  ) {
    ${updated}
  }
}
`

export const clients = `# Finds clients, newest first, with their connections. For the next page, put pageInfo.endCursor into "after".
# This tab's token is an administrator's: any other caller sees its own client only.
query Clients($filter: ClientFilter, $first: Int, $after: String, $connections: ClientConnectionFilter) {
  clients(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    nodes {
      id
      name
      clientTypeName
      isBlocked
      blockReason
      connections(first: 3, filter: $connections) {
        totalCount
        nodes {
          id
          redirectUri
          consumer {
            name
          }
        }
      }
    }
  }
}
`

export const clientsVariables = {
  filter: { nameContains: 'клініка' },
  first: 5,
  after: null,
  connections: { redirectUriContains: 'callback' },
}

export const connection = `# One connection and all that happened to it, newest first. The id of a change is what the tab RevertClientConnection takes.
query ClientConnection($clientId: ID!, $connectionId: ID!) {
  clientConnection(clientId: $clientId, connectionId: $connectionId) {
    id
    redirectUri
    version
    consumer {
      name
    }
    changes(first: 10) {
      totalCount
      nodes {
        id
        kind
        before
        after
        door
        caller {
          clientId
          clientType
          userId
        }
        changedAt
      }
    }
  }
}
`

export const connectionVariables = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }

export const check = `# What would come of an update, without making it. Append "#top" to the value to see a violation.
query RedirectUriCheck($clientId: ID!, $connectionId: ID!, $redirectUri: String!) {
  redirectUriCheck(clientId: $clientId, connectionId: $connectionId, redirectUri: $redirectUri) {
    valid
    violations {
      rule
      reason
      message
    }
    warnings {
      reason
      message
      aLabel
    }
  }
}
`

export const checkVariables = {
  clientId: demo.msp.clientId,
  connectionId: demo.connectionId,
  redirectUri: 'https://клініка.example:8443/callback',
}

export const revert = `# Puts the redirect URI back to what it was before a change. Take changeId from the history in the tab ClientConnection:
# the id of a change of the kind UPDATED or REVERTED.
mutation RevertClientConnection($input: RevertClientConnectionInput!) {
  revertClientConnection(input: $input) {
    clientConnection {
      id
      redirectUri
      version
      updatedAt
    }
  }
}
`

export const revertVariables = { input: { ...connectionVariables, changeId: demo.changed.firstChangeId } }
