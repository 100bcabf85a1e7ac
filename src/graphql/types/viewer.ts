import type { Caller } from '../../domain/caller.ts'
import { operationRules } from '../../domain/operation-rules.ts'
import type { Builder } from '../builder.ts'
import type { GraphQLContext } from '../context.ts'
import { permitted } from '../permit-guard.ts'
import { prose } from '../prose.ts'

/** Whether a caller has the scope of an operation. */
const may = (operation: 'updateClientConnection' | 'refreshClientConnectionSecret' | 'deleteClientConnection') => {
  const { scope } = operationRules[operation]
  return {
    description: `Whether the caller has \`${scope}\`.`,
    resolve: (caller: Caller, _args: object, { policy }: GraphQLContext) => policy.hasScope(caller, scope),
  }
}

/** `Query.viewer`: the gateway's view of the caller. */
export function addViewer(builder: Builder): void {
  const Viewer = builder.objectRef<Caller>('Viewer').implement({
    description: 'The caller, as its access token states it and its broker, if it acts through one, allows.',
    fields: (t) => ({
      clientId: t.exposeID('clientId', { description: 'UUID of the client that the token was issued to.' }),
      clientType: t.exposeString('clientType', {
        description: prose`Type of that client, for example \`MSP\`, \`MIS\` or \`MITHRIL ADMIN\`. It decides on which
          clients the caller may act.`,
      }),
      userId: t.exposeID('userId', {
        nullable: true,
        description: 'The user behind the client; null where the client speaks for itself.',
      }),
      mayUpdate: t.boolean(may('updateClientConnection')),
      mayRefreshSecret: t.boolean(may('refreshClientConnectionSecret')),
      mayDelete: t.boolean(may('deleteClientConnection')),
      seesAllClients: t.boolean({
        description: 'Whether the client type may act on every client, and not on its own only.',
        resolve: (caller, _args, { policy }) => policy.seesAllClients(caller),
      }),
      scopes: t.exposeStringList('scopes', {
        description: prose`The scope words of the token; where the client acts through a broker, those that the broker
          has, too.`,
      }),
    }),
  })

  builder.queryField('viewer', (t) =>
    t.field({
      type: Viewer,
      description: 'The caller.',
      authScopes: permitted('readViewer'),
      resolve: (_parent, args, { operations, permits }) => operations.readViewer.run(permits.of(args)),
    }),
  )
}
