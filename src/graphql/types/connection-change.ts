import type { ConnectionChange } from '../../domain/connection-change.ts'
import type { Builder } from '../builder.ts'
import { prose } from '../prose.ts'

export type ConnectionChangeRef = ReturnType<typeof addConnectionChange>
export type ChangeKindRef = ReturnType<typeof addChangeKind>

/** `enum ConnectionChangeKind`. */
export function addChangeKind(builder: Builder) {
  return builder.enumType('ConnectionChangeKind', {
    description: 'What was done to a connection.',
    values: {
      UPDATED: { description: 'Its redirect URI was changed.' },
      REVERTED: { description: 'Its redirect URI was put back to what it was before an earlier change.' },
      SECRET_REFRESHED: { description: 'It got a new secret.' },
      DELETED: { description: 'It was deleted.' },
      CREATED: { description: 'It was made, past this gateway. Its history begins here.' },
      MOVED: {
        description: prose`Its id, its client or its consumer was changed, past this gateway. There are two rows of one
          \`version\`. The first one has what was before, and no \`after\`; the second one has what is new.`,
      },
    } as const,
  })
}

/** `type ConnectionChange`: a row of a connection's history. */
export function addConnectionChange(builder: Builder, ChangeKind: ChangeKindRef) {
  const Door = builder.enumType('ChangeDoor', {
    description: 'Through what a change came in.',
    values: {
      GRAPHQL: { description: 'This API.' },
      REST: { description: 'The REST routes for medical information systems.' },
      EXTERNAL: { description: 'Past this gateway, for example by Mithril itself.' },
    } as const,
  })
  const ChangeCaller = builder.objectRef<NonNullable<ConnectionChange['caller']>>('ChangeCaller').implement({
    description: 'Who made a change.',
    fields: (t) => ({
      clientId: t.exposeID('clientId', { description: 'UUID of the client whose token it was.' }),
      clientType: t.exposeString('clientType', { description: 'Type of that client at that time.' }),
      userId: t.exposeID('userId', {
        nullable: true,
        description: 'The user behind it; null where the client spoke for itself.',
      }),
    }),
  })

  return builder.objectRef<ConnectionChange>('ConnectionChange').implement({
    description: 'A row of the history of a connection. Nobody can change it; only the archive removes old ones.',
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'Number of the change: what `revertClientConnection` takes.',
      }),
      connectionId: t.exposeID('connectionId', { description: 'UUID of the connection, which may be deleted by now.' }),
      consumerId: t.exposeID('consumerId', {
        nullable: true,
        description: prose`UUID of the client that used the connection; of \`MOVED\`, the one from before or the new
          one; null in old rows.`,
      }),
      version: t.exposeInt('version', {
        nullable: true,
        description: prose`Version that the write gave the connection; of \`DELETED\`, the last one; null in old rows.`,
      }),
      kind: t.expose('kind', { type: ChangeKind, description: 'What was done.' }),
      before: t.exposeString('before', {
        description: 'The redirect URI before the change; of `CREATED`, the first one.',
      }),
      after: t.exposeString('after', {
        nullable: true,
        description: 'The redirect URI after the change; null where the connection was deleted or moved away.',
      }),
      caller: t.expose('caller', {
        type: ChangeCaller,
        nullable: true,
        description: 'Who made it; null for `EXTERNAL`.',
      }),
      brokerClientId: t.exposeID('brokerClientId', {
        nullable: true,
        description: prose`UUID of the medical information system that the caller acted through, by its key; null where
          it acted directly.`,
      }),
      door: t.expose('door', { type: Door, description: 'Through what it came in.' }),
      requestId: t.exposeString('requestId', {
        nullable: true,
        description: 'The request that made it; null for `EXTERNAL`.',
      }),
      revertedChangeId: t.exposeID('revertedChangeId', {
        nullable: true,
        description: 'Of `REVERTED`: the change that was taken back.',
      }),
      changedAt: t.expose('changedAt', { type: 'DateTime', description: 'When, UTC.' }),
    }),
  })
}
