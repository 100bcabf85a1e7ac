import type { Caller } from '../../domain/caller.ts'
import { GatewayError } from '../../domain/errors.ts'
import type { Builder } from '../builder.ts'
import { toGraphQLError } from '../errors.ts'

/** `Query.viewer`: what the gateway believes about the caller. */
export function addViewer(builder: Builder): void {
  const Viewer = builder.objectRef<Caller>('Viewer').implement({
    description: 'The caller, as its access token states it. Needs a valid token and no scope.',
    fields: (t) => ({
      clientId: t.exposeID('clientId', { description: 'UUID of the client that the token was issued to. Needs no scope.' }),
      clientType: t.exposeString('clientType', {
        description:
          'Type of that client, for example `MSP`, `MIS` or `MITHRIL ADMIN`; it decides which clients the caller may act on. Needs no scope.',
      }),
      userId: t.exposeID('userId', {
        nullable: true,
        description: 'The user behind the client; null where the client speaks for itself. Needs no scope.',
      }),
      scopes: t.exposeStringList('scopes', { description: 'The scope words that the token carries. Needs no scope.' }),
    }),
  })

  builder.queryField('viewer', (t) =>
    t.field({
      type: Viewer,
      description: 'Who is calling. Needs a valid access token and no scope.',
      authScopes: { authenticated: true },
      resolve: (_parent, _args, { call }) => {
        if (call.caller === null) throw toGraphQLError(new GatewayError('accessDenied'))
        return call.caller
      },
    }),
  )
}
