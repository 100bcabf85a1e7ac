/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What to change. Only the redirect URI of a connection can be changed. Needs the scope `connection:write`. */
export type UpdateClientConnectionInput = {
  /** UUID of the client. Needs `connection:write`, and to be the own client unless the caller is of an admin type. */
  clientId: string;
  /** UUID of the connection; it must belong to that client. Needs `connection:write`. */
  connectionId: string;
  /** The version the caller has in mind: if the connection has another one by now, `CONFLICT` and nothing written. Without it the last write wins. Needs `connection:write`. */
  expectedVersion?: number | null | undefined;
  /** The new redirect URI: `https://` and at most 255 characters, no fragment, no user info, a public host name. Stored byte for byte as sent. Needs `connection:write`. */
  redirectUri: string;
};

export type UpdateClientConnectionMutationVariables = Exact<{
  input: UpdateClientConnectionInput;
}>;


export type UpdateClientConnectionMutation = { updateClientConnection: { clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, insertedAt: string, updatedAt: string } } };

export type ClientConnectionQueryVariables = Exact<{
  clientId: string;
  connectionId: string;
}>;


export type ClientConnectionQuery = { clientConnection: { id: string, clientId: string, consumerId: string, redirectUri: string, insertedAt: string, updatedAt: string } | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { clientId: string, clientType: string, userId: string | null, scopes: Array<string> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const UpdateClientConnectionDocument = new TypedDocumentString(`
    mutation UpdateClientConnection($input: UpdateClientConnectionInput!) {
  updateClientConnection(input: $input) {
    clientConnection {
      id
      clientId
      consumerId
      redirectUri
      insertedAt
      updatedAt
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateClientConnectionMutation, UpdateClientConnectionMutationVariables>;
export const ClientConnectionDocument = new TypedDocumentString(`
    query ClientConnection($clientId: ID!, $connectionId: ID!) {
  clientConnection(clientId: $clientId, connectionId: $connectionId) {
    id
    clientId
    consumerId
    redirectUri
    insertedAt
    updatedAt
  }
}
    `) as unknown as TypedDocumentString<ClientConnectionQuery, ClientConnectionQueryVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    clientId
    clientType
    userId
    scopes
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;