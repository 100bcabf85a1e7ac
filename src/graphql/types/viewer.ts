import type { Caller } from '../../domain/caller.ts'
import { requiredScope } from '../../domain/policy.ts'
import type { Builder } from '../builder.ts'
import { settle } from '../errors.ts'

/** `Query.viewer`: what the gateway believes about the caller. */
export function addViewer(builder: Builder): void {
  const Viewer = builder.objectRef<Caller>('Viewer').implement({
    description:
      'The caller, as its access token states it and its broker, if it acts through one, allows. Needs a valid token and no scope.',
    fields: (t) => ({
      clientId: t.exposeID('clientId', {
        description: 'UUID of the client that the token was issued to. Needs no scope.',
      }),
      clientType: t.exposeString('clientType', {
        description:
          'Type of that client, for example `MSP`, `MIS` or `MITHRIL ADMIN`; it decides which clients the caller may act on. Needs no scope.',
      }),
      userId: t.exposeID('userId', {
        nullable: true,
        description: 'The user behind the client; null where the client speaks for itself. Needs no scope.',
      }),
      mayUpdate: t.boolean({
        description: 'Whether the caller has `connection:write`. Needs no scope.',
        resolve: (caller, _args, { policy }) => policy.hasScope(caller, requiredScope.updateConnection),
      }),
      mayRefreshSecret: t.boolean({
        description: 'Whether the caller has `connection:refresh_secret`. Needs no scope.',
        resolve: (caller, _args, { policy }) => policy.hasScope(caller, requiredScope.refreshSecret),
      }),
      mayDelete: t.boolean({
        description: 'Whether the caller has `connection:delete`. Needs no scope.',
        resolve: (caller, _args, { policy }) => policy.hasScope(caller, requiredScope.deleteConnection),
      }),
      seesAllClients: t.boolean({
        description: 'Whether the client type may act on every client, and not on its own only. Needs no scope.',
        resolve: (caller, _args, { policy }) => policy.seesAllClients(caller),
      }),
      scopes: t.exposeStringList('scopes', {
        description:
          'The scope words that the token carries; where the client acts through a broker, those that the broker has, too. Needs no scope.',
      }),
    }),
  })

  builder.queryField('viewer', (t) =>
    t.field({
      type: Viewer,
      description: 'Who is calling. Needs a valid access token and no scope.',
      authScopes: { authenticated: true },
      resolve: (_parent, _args, context) =>
        settle(context, async () => context.policy.authorizeCaller(context.call).caller),
    }),
  )
}
