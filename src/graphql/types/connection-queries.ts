import type { RedirectUriCheck } from '../../domain/check-redirect-uri.ts'
import { requiredScope } from '../../domain/policy.ts'
import type { RedirectUriWarning } from '../../domain/redirect-uri-warnings.ts'
import { describeViolation, type Violation } from '../../domain/violation.ts'
import type { Builder } from '../builder.ts'
import { settle } from '../errors.ts'
import type { ClientConnectionRef } from './client-connection.ts'

/** `Query.clientConnection` and `Query.redirectUriCheck`. */
export function addConnectionQueries(builder: Builder, ClientConnection: ClientConnectionRef): void {
  builder.queryField('clientConnection', (t) =>
    t.field({
      type: ClientConnection,
      nullable: true,
      description:
        'One connection of a client, or null when that client has no such connection. Needs the scope `connection:read`; a caller of an own-client type (MSP, MIS, PHARMACY and every type that is not an admin type) reads its own client only.',
      args: {
        clientId: t.arg.id({
          description:
            'UUID of the client. Needs `connection:read`, and to be the own client unless the caller is of an admin type.',
        }),
        connectionId: t.arg.id({
          description: 'UUID of the connection; it must belong to that client. Needs `connection:read`.',
        }),
      },
      authScopes: (_parent, { clientId }) => ({ $all: { scope: requiredScope.readConnection, ownClient: clientId } }),
      resolve: (_parent, input, context) =>
        settle(context, () => context.operations.readClientConnection(context.call, input)),
    }),
  )

  const ViolationType = builder.objectRef<Violation>('RedirectUriViolation').implement({
    description:
      'A rule that a redirect URI breaks: an update would be refused. Seen under the scope `connection:write`.',
    fields: (t) => ({
      rule: t.exposeString('rule', { description: 'The rule: `format` or `length`. No further scope.' }),
      reason: t.string({
        nullable: true,
        description: 'Of `format`: a stable word for programs, for example `fragment` or `host`. No further scope.',
        resolve: ({ params }) => (params['reason'] === undefined ? null : String(params['reason'])),
      }),
      message: t.string({
        description: 'What is wrong, in words. No further scope.',
        resolve: (violation) => describeViolation(violation),
      }),
    }),
  })
  const WarningType = builder.objectRef<RedirectUriWarning>('RedirectUriWarning').implement({
    description: 'Something to look at twice. A warning is not an error. Seen under the scope `connection:write`.',
    fields: (t) => ({
      reason: t.exposeString('reason', {
        description: 'A stable word for programs, for example `host_changed`. No further scope.',
      }),
      message: t.exposeString('description', { description: 'What to look at, in words. No further scope.' }),
      aLabel: t.exposeString('aLabel', {
        nullable: true,
        description: 'Of an internationalized host: how the DNS writes it. No further scope.',
      }),
    }),
  })
  const Check = builder.objectRef<RedirectUriCheck>('RedirectUriCheck').implement({
    description: 'What would come of an update, without making it. Needs the scope `connection:write`.',
    fields: (t) => ({
      valid: t.boolean({
        description: 'Whether an update would accept it. No further scope.',
        resolve: ({ violations }) => violations.length === 0,
      }),
      violations: t.field({
        type: [ViolationType],
        description: 'Every rule it breaks. No further scope.',
        resolve: ({ violations }) => violations,
      }),
      warnings: t.field({
        type: [WarningType],
        description: 'What to look at twice. No further scope.',
        resolve: ({ warnings }) => warnings,
      }),
    }),
  })

  builder.queryField('redirectUriCheck', (t) =>
    t.field({
      type: Check,
      description:
        'Judges a redirect URI for a connection and writes nothing. Needs the scope `connection:write`; a caller of an own-client type asks about its own client only.',
      args: {
        clientId: t.arg.id({
          description:
            'UUID of the client. Needs `connection:write`, and to be the own client unless the caller is of an admin type.',
        }),
        connectionId: t.arg.id({
          description: 'UUID of the connection; it must belong to that client. Needs `connection:write`.',
        }),
        redirectUri: t.arg.string({ description: 'The value to judge. Needs `connection:write`.' }),
      },
      authScopes: (_parent, { clientId }) => ({ $all: { scope: requiredScope.updateConnection, ownClient: clientId } }),
      resolve: (_parent, input, context) =>
        settle(context, () => context.operations.checkRedirectUri(context.call, input)),
    }),
  )
}
