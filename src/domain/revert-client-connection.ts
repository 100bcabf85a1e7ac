import type { Call } from './caller.ts'
import type { Connection, ConnectionHistory, ConnectionKey, ConnectionStore } from './connection.ts'
import { GatewayError } from './errors.ts'
import { requiredScope } from './policy.ts'
import { requireKey, settleWrite } from './settle-write.ts'
import type { ConnectionUpdateParser } from './update-request-schema.ts'
import type { Violation } from './violation.ts'
import type { AuthorizeWrite } from './write-limit.ts'

export interface RevertClientConnectionInput extends ConnectionKey {
  /** The change to take back: the redirect URI becomes what it was before it. */
  readonly changeId: string
  readonly expectedVersions: readonly number[] | null
}

/** Takes back a change of a connection's redirect URI. */
export type RevertClientConnection = (call: Call, input: RevertClientConnectionInput) => Promise<Connection>

export interface RevertClientConnectionDeps {
  readonly authorizeWrite: AuthorizeWrite
  readonly parseConnectionUpdate: ConnectionUpdateParser
  readonly connections: Pick<ConnectionStore, 'updateRedirectUri'>
  readonly history: Pick<ConnectionHistory, 'find'>
}

const changeIdPattern = /^\d{1,18}$/

const notOfTheRedirectUri: Violation = {
  of: 'argument',
  path: ['change_id'],
  rule: 'format',
  rawDescription: 'the change is not one of the redirect URI: there is nothing to go back to',
  params: { reason: 'kind' },
}

/**
 * An ordinary update under another name: the same rules, the same audit (kind `REVERTED`, naming the change). So an old
 * `http:` value cannot come back under `strict`: the violation says so.
 * @throws GatewayError as the update; `notFound` also for a change that is not one of this connection
 */
export function createRevertClientConnection(deps: RevertClientConnectionDeps): RevertClientConnection {
  const { authorizeWrite, parseConnectionUpdate, connections, history } = deps
  return async (call, { changeId, expectedVersions, ...input }) => {
    const author = await authorizeWrite(call, requiredScope.updateConnection, input.clientId)

    const key = requireKey(input)
    const change = changeIdPattern.test(changeId) ? await history.find(key, changeId) : null
    if (change === null) throw new GatewayError('notFound')
    if (change.kind === 'SECRET_REFRESHED')
      throw new GatewayError('validationFailed', { violations: [notOfTheRedirectUri] })

    const update = parseConnectionUpdate({ redirect_uri: change.before })
    if (!update.ok) throw new GatewayError('validationFailed', { violations: update.violations })

    const { redirectUri } = update.value
    return settleWrite(
      await connections.updateRedirectUri({
        ...key,
        redirectUri,
        revertedChangeId: change.id,
        expectedVersions,
        author,
      }),
    )
  }
}
