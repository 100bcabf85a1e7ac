import { demo } from '../../prisma/seed-data.ts'
import {
  ClientsDocument,
  ConnectionHistoryDocument,
  RedirectUriCheckDocument,
  RevertClientConnectionDocument,
  type TypedDocumentString,
  UpdateClientConnectionDocument,
  ViewerDocument,
} from '../client/documents/graphql.ts'

/** A document of `src/client/operations.graphql` with values of the demo data. */
export interface Example {
  /** The comment above the document: one line. */
  readonly comment: string
  readonly document: string
  readonly variables: object | null
  /** The caller whose token it needs. */
  readonly caller: { readonly clientId: string; readonly clientType: string }
}

/** Makes an example. TypeScript refuses variables that do not fit the document. */
function example<Variables extends object>(
  comment: string,
  document: TypedDocumentString<unknown, Variables>,
  variables: Variables | null,
  caller: Example['caller'] = demo.msp,
): Example {
  return { comment, document: document.toString().trim(), variables, caller }
}

const connection = { clientId: demo.msp.clientId, connectionId: demo.connectionId }
const changed = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }

/** The main operation of the gateway. */
export const update = {
  document: UpdateClientConnectionDocument.toString(),
  variables: { input: { ...connection, redirectUri: 'https://example3.com' } },
}

/**
 * In the order of a first visit. The first one is a query, because a person may run it before reading it. It has no
 * variables, because GraphiQL 5 does not show the variables of the tab that it opens with.
 */
export const examples: readonly Example[] = [
  example(
    'Who am I, and what may I do? The token is in the Headers tab; `npm run token` prints others.',
    ViewerDocument,
    null,
  ),
  example(
    "Finds clients. The token is an administrator's: any other caller sees its own client only.",
    ClientsDocument,
    { filter: { nameContains: 'клініка' }, first: 5 },
    demo.admin,
  ),
  example('All that happened to one connection, newest first.', ConnectionHistoryDocument, { ...changed, first: 10 }),
  example(
    'What would come of an update, without making it. Append "#top" to the value to see a violation.',
    RedirectUriCheckDocument,
    { ...connection, redirectUri: 'https://клініка.example:8443/callback' },
  ),
  example('Changes where sign-in returns to.', UpdateClientConnectionDocument, update.variables),
  example(
    'Puts the redirect URI back to what it was before a change. The tab ConnectionHistory shows the ids of changes.',
    RevertClientConnectionDocument,
    { input: { ...changed, changeId: demo.changed.firstChangeId } },
  ),
]
