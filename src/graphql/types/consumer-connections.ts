import type { Builder } from '../builder.ts'
import { permitted } from '../permit-guard.ts'
import { prose } from '../prose.ts'
import type { ConnectionPageRef } from './client-connection.ts'
import { selects } from './selection.ts'

/** `Query.consumerConnections`. */
export function addConsumerConnections(builder: Builder, ConnectionPage: ConnectionPageRef): void {
  const Filter = builder.inputType('ConsumerConnectionFilter', {
    description: 'Which connections of a consumer.',
    fields: (t) => ({
      host: t.string({
        required: false,
        description: prose`Only those whose redirect URI has this host, or a host below it: \`mis.example.ua\` finds
          \`a.mis.example.ua\`, too. Without scheme, port and path, in any case, as A-labels or as U-labels.`,
      }),
      redirectUriContains: t.string({
        required: false,
        description: 'Only those whose redirect URI contains this text, in any case.',
      }),
    }),
  })

  builder.queryField('consumerConnections', (t) =>
    t.field({
      type: ConnectionPage,
      description: 'The connections that a consumer uses, of all clients, newest first.',
      args: {
        consumerId: t.arg.id({
          description: 'UUID of the client that uses the connections, usually a medical information system.',
        }),
        filter: t.arg({ type: Filter, required: false, description: 'Which ones.' }),
        first: t.arg.int({ required: false, defaultValue: 20, description: 'How many, from 1 to 100.' }),
        after: t.arg.string({ required: false, description: 'Begin after this cursor.' }),
      },
      authScopes: permitted('listConsumerConnections'),
      resolve: (_parent, args, { operations, permits }, info) => {
        const { consumerId, filter, ...list } = args
        const page = { by: 'cursor', ...list, withTotal: selects(info, 'totalCount') } as const
        return operations.listConsumerConnections.run(permits.of(args), { consumerId, filter: filter ?? {}, page })
      },
    }),
  )
}
