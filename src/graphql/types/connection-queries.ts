import type { RedirectUriCheck } from '../../domain/check-redirect-uri.ts'
import { describeWarning, type RedirectUriWarning } from '../../domain/redirect-uri-warnings.ts'
import { describeViolation, type Violation } from '../../domain/violation.ts'
import { openCatalogue } from '../../messages/format.ts'
import { violationSentence, warningSentence } from '../../messages/sentences.ts'
import type { Builder } from '../builder.ts'
import { permitted } from '../permit-guard.ts'
import type { ClientConnectionRef } from './client-connection.ts'

interface Key {
  readonly clientId: string
  readonly connectionId: string
}
const argsKey = (_parent: unknown, { clientId, connectionId }: Key) => ({ clientId, connectionId })

const languagesOfMessages = 'Without `locale` it is the English text of the contract.'

/** `RedirectUriCheck` and its parts. */
function addRedirectUriCheck(builder: Builder) {
  const Locale = builder.enumType('Locale', {
    description: 'A language of messages for people.',
    values: {
      UK: { value: 'uk', description: 'Ukrainian.' },
      EN: { value: 'en', description: 'English.' },
    } as const,
  })
  const locale = builder.args((t) => ({
    locale: t.field({
      type: Locale,
      required: false,
      description: 'The language of the message, which then also says what to do.',
    }),
  })).locale
  const ViolationType = builder.objectRef<Violation>('RedirectUriViolation').implement({
    description: 'A rule that a redirect URI breaks: an update would be refused.',
    fields: (t) => ({
      id: t.exposeString('id', {
        description: 'The broken rule: a stable word for programs, for example `host_empty`.',
      }),
      rule: t.exposeString('rule', { description: 'The kind of rule: `format` or `length`.' }),
      reason: t.string({
        nullable: true,
        description: 'Of `format`: a stable word for a group of rules, for example `fragment` or `host`.',
        resolve: ({ params }) => (params['reason'] === undefined ? null : String(params['reason'])),
      }),
      message: t.string({
        description: `The violation in words. ${languagesOfMessages}`,
        args: { locale },
        resolve: (violation, { locale }) =>
          locale == null
            ? describeViolation(violation)
            : openCatalogue(locale).then((format) => violationSentence(format, violation)),
      }),
    }),
  })
  const WarningType = builder.objectRef<RedirectUriWarning>('RedirectUriWarning').implement({
    description: 'A point to look at twice. A warning is not an error.',
    fields: (t) => ({
      id: t.exposeString('id', { description: 'The sentence: a stable word for programs.' }),
      reason: t.exposeString('reason', { description: 'A stable word for programs, for example `host_changed`.' }),
      message: t.string({
        description: `The warning in words. ${languagesOfMessages}`,
        args: { locale },
        resolve: (warning, { locale }) =>
          locale == null
            ? describeWarning(warning)
            : openCatalogue(locale).then((format) => warningSentence(format, warning)),
      }),
      aLabel: t.exposeString('aLabel', {
        nullable: true,
        description: 'Of an internationalized host: its name in the DNS.',
      }),
    }),
  })
  return builder.objectRef<RedirectUriCheck>('RedirectUriCheck').implement({
    description: 'The verdict on an update that is not made.',
    fields: (t) => ({
      valid: t.boolean({
        description: 'Whether an update would accept it.',
        resolve: ({ violations }) => violations.length === 0,
      }),
      violations: t.field({
        type: [ViolationType],
        description: 'Every rule it breaks.',
        resolve: ({ violations }) => violations,
      }),
      warnings: t.field({
        type: [WarningType],
        description: 'The points to look at twice.',
        resolve: ({ warnings }) => warnings,
      }),
    }),
  })
}

/** `Query.clientConnection` and `Query.redirectUriCheck`. */
export function addConnectionQueries(builder: Builder, ClientConnection: ClientConnectionRef): void {
  const Check = addRedirectUriCheck(builder)

  builder.queryField('clientConnection', (t) =>
    t.field({
      type: ClientConnection,
      nullable: true,
      description: 'One connection of a client, or null when that client has no such connection.',
      args: {
        clientId: t.arg.id({ description: 'UUID of the client.' }),
        connectionId: t.arg.id({ description: 'UUID of the connection; it must belong to that client.' }),
      },
      authScopes: permitted('readClientConnection', argsKey),
      resolve: (_parent, args, { operations, permits }) => operations.readClientConnection.run(permits.of(args)),
    }),
  )

  builder.queryField('redirectUriCheck', (t) =>
    t.field({
      type: Check,
      description: 'Judges a redirect URI for a connection and writes nothing.',
      args: {
        clientId: t.arg.id({ description: 'UUID of the client.' }),
        connectionId: t.arg.id({ description: 'UUID of the connection; it must belong to that client.' }),
        redirectUri: t.arg.string({ description: 'The value to judge.' }),
      },
      authScopes: permitted('checkRedirectUri', argsKey),
      resolve: (_parent, args, { operations, permits }) =>
        operations.checkRedirectUri.run(permits.of(args), { redirectUri: args.redirectUri }),
    }),
  )
}
