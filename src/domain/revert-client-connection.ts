import type { Call } from './call.ts'
import type { Connection, ConnectionKey, ConnectionStore, ExpectedVersions } from './connection.ts'
import type { ConnectionHistory } from './connection-change.ts'
import { GatewayError } from './errors.ts'
import type { Permit, Permits } from './permit.ts'
import type { RedirectUriParser } from './redirect-uri-parser.ts'
import type { Violation } from './violation.ts'
import { type ChangeObserver, finishWrite, keyOf } from './write-outcome.ts'

/** Reverts a change of a connection's redirect URI. */
export interface RevertClientConnection {
  permit(call: Call, key: ConnectionKey): Permit | Promise<Permit>
  run(permit: Permit, input: RevertClientConnectionInput): Promise<Connection>
}

export interface RevertClientConnectionInput extends ExpectedVersions {
  /** The change to revert: the redirect URI gets the value from before this change. */
  readonly changeId: string
}

export interface RevertClientConnectionDeps {
  readonly permits: Permits
  readonly onChange: ChangeObserver
  readonly parseRedirectUri: RedirectUriParser
  readonly connections: Pick<ConnectionStore, 'updateRedirectUri'>
  readonly history: Pick<ConnectionHistory, 'find'>
}

const changeIdPattern = /^\d{1,18}$/

const notOfTheRedirectUri: Violation = {
  id: 'change_kind',
  of: 'argument',
  path: ['changeId'],
  rule: 'format',
  params: { reason: 'kind' },
}

/**
 * A revert has the rules and the audit of an update. Its audit row has the kind `REVERTED` and the id of the change. So
 * `strict` refuses an old `http:` value, and the violation says so.
 * @throws GatewayError as the update does; `notFound` also for a change of another connection
 */
export function createRevertClientConnection(deps: RevertClientConnectionDeps): RevertClientConnection {
  const { permits, onChange, parseRedirectUri, connections, history } = deps
  return {
    permit: (call, key) => permits.give(call, 'revertClientConnection', key),
    async run(given, { changeId, expectedVersions }) {
      const permit = await permits.confirm(given, 'revertClientConnection')
      const key = keyOf(permit)
      const change = changeIdPattern.test(changeId) ? await history.find(key, changeId) : null
      if (change === null) throw new GatewayError('notFound')
      if (change.before === change.after || change.kind === 'MOVED')
        throw new GatewayError('validationFailed', { violations: [notOfTheRedirectUri] })

      const parsed = parseRedirectUri(change.before)
      if (!parsed.ok) throw new GatewayError('validationFailed', { violations: parsed.violations })
      const write = { ...key, expectedVersions, author: permit }
      const outcome = await connections.updateRedirectUri({
        ...write,
        redirectUri: parsed.value,
        revertedChangeId: change.id,
      })
      return finishWrite(onChange, permit, 'REVERTED', outcome)
    },
  }
}
