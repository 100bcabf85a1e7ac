import type { Call } from './call.ts'
import type { Connection, ConnectionStore } from './connection.ts'
import { spellingsOf } from './host-names.ts'
import { ListArguments, type OptionalArgument, type PageArguments } from './list-arguments.ts'
import type { Page } from './page.ts'
import type { Permit, Permits } from './permit.ts'

export interface ReadConsumerConnectionsDeps {
  readonly permits: Permits
  readonly connections: Pick<ConnectionStore, 'pageOfConsumer'>
}

export interface ListConsumerConnectionsInput {
  readonly consumerId: string
  readonly filter: {
    /** The name of a host. Hosts below it pass, too. */
    readonly host?: OptionalArgument<string>
    readonly redirectUriContains?: OptionalArgument<string>
  }
  readonly page: PageArguments
}

/** The connections that a consumer uses, of all clients: for the day on which its host moves. */
export interface ListConsumerConnections {
  permit(call: Call): Permit | Promise<Permit>
  run(permit: Permit, input: ListConsumerConnectionsInput): Promise<Page<Connection>>
}

/**
 * Only an admin type may run it: any other caller sees the connections of its own client alone.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `validationFailed` or `unavailable`
 */
export function createListConsumerConnections({
  permits,
  connections,
}: ReadConsumerConnectionsDeps): ListConsumerConnections {
  return {
    permit: (call) => permits.give(call, 'listConsumerConnections'),
    async run(permit, { consumerId, filter: { host, redirectUriContains }, page }) {
      await permits.confirm(permit, 'listConsumerConnections')
      const list = new ListArguments()
      list.uuid('consumerId', consumerId)
      list.host('host', host)
      list.text('redirectUriContains', redirectUriContains)
      const request = list.page(page, 'time')
      list.done()
      const filter = {
        ...(host != null && { hosts: spellingsOf(host) }),
        ...(redirectUriContains != null && { redirectUriContains }),
      }
      return connections.pageOfConsumer(consumerId, filter, request)
    },
  }
}
