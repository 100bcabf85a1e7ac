import type { LightMyRequestResponse } from 'fastify'
import { UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import type { Fixture, TestGateway } from './gateway.ts'

/** What each door says, in the order REST, GraphQL: `200 OK`, or the status of a refusal and its message. */
export function sayings(rest: LightMyRequestResponse, graphql: LightMyRequestResponse): string[] {
  const { errors } = graphql.json()
  return [
    `${rest.statusCode} ${rest.json().error?.message ?? 'OK'}`,
    `${errors?.[0].extensions.status ?? 200} ${errors?.[0].message ?? 'OK'}`,
  ]
}

/** Both doors say the same. */
export const both = (saying: string) => [saying, saying]

let number = 0
const freshUri = () => `https://after.example.ua/${++number}`

/**
 * An update through both doors, to another redirect URI each: what they say.
 * @param restBody what REST is sent instead
 */
export async function updateThroughBoth(
  gateway: TestGateway,
  { clientId, connectionId, path }: Pick<Fixture, 'clientId' | 'connectionId' | 'path'>,
  token: string | null,
  { headers = {}, restBody }: { headers?: Record<string, string>; restBody?: object | undefined } = {},
): Promise<string[]> {
  const rest = await gateway.patch(path, restBody ?? { redirect_uri: freshUri() }, token, { headers })
  const input = { clientId, connectionId, redirectUri: freshUri() }
  return sayings(rest, await gateway.graphql(UpdateClientConnectionDocument, { input }, token, { headers }))
}
