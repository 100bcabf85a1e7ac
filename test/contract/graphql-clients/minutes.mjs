import { env, stdout } from 'node:process'

/**
 * What an admin UI does with one connection, by one client: it reads, changes, reads again, meets a violation, a
 * conflict, an unknown connection, and the end of its session. The outcomes go to standard output as JSON.
 * @param ask asks with a token or without one. It resolves to `data` and to the `extensions` of each error.
 */
export async function spendFiveMinutes(ask) {
  const { TOKEN: token, CLIENT_ID: clientId, CONNECTION_ID: connectionId } = env
  const connection = { clientId, connectionId }
  const update = (redirectUri, more) => ask('update', { input: { ...connection, redirectUri, ...more } }, token)
  const outcomes = {}

  const read = await ask('read', connection, token)
  outcomes.reads = read.data?.clientConnection.redirectUri

  const { version } = read.data?.clientConnection ?? {}
  const changed = await update('https://changed.example.ua/', { expectedVersion: version })
  outcomes.changes = changed.data?.updateClientConnection.clientConnection.redirectUri
  outcomes.readsTheChange = (await ask('read', connection, token)).data?.clientConnection.redirectUri

  const [violation] = (await update('http://plain.example.ua/')).errors
  outcomes.showsAViolation = [violation?.code, violation?.exception?.inputErrors?.[0]?.path?.join('.')]

  const [conflict] = (await update('https://late.example.ua/', { expectedVersion: version })).errors
  outcomes.showsAConflict = [conflict?.code, conflict?.exception?.current?.redirectUri]

  const unknown = await ask('read', { ...connection, connectionId: clientId }, token)
  outcomes.readsNoUnknownConnection = [unknown.data?.clientConnection, unknown.errors]

  const [refused] = (await ask('read', connection, undefined)).errors
  outcomes.seesThatTheSessionEnded = refused?.code

  stdout.write(JSON.stringify(outcomes))
}

/** The headers of a caller. */
export const headersOf = (token) => (token === undefined ? {} : { authorization: `Bearer ${token}` })
