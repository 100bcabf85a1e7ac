import { signal } from '@preact/signals'
import { ConnectionCardDocument } from '../../client/documents/graphql.ts'
import { type Answer, ask } from '../answers/ask.ts'
import type { Connection, ConnectionKey, SeenState } from './connection.ts'

/** A write to a connection, which the gateway refuses if the connection has another version than the one it names. */
export interface Write<Data = unknown> {
  readonly connection: ConnectionKey
  /** The redirect URI that it would store. null: it stores none. */
  readonly mine: string | null
  readonly send: (expectedVersion: number) => Promise<Answer<Data>>
  readonly onDone: (answer: Answer<Data>) => void
  readonly onFailure: (answer: Answer<Data>) => void
}

/** A write that came too late: somebody else has written to the connection since it was seen. */
export interface Conflict {
  readonly seen: SeenState
  readonly theirs: Connection
  /** The redirect URI that was to be stored. null: none. */
  readonly mine: string | null
  /** Sends the write again, now for their state. */
  readonly sendAgain: () => Promise<void>
}

export const conflict = signal<Conflict | null>(null)
export function closeConflict(): void {
  conflict.value = null
}

/** Whether a write is on its way. A second click, or Enter twice, sends nothing. */
export const isWriting = signal(false)

/** Sends a write for the state that a person has seen. If that is not the stored one, it opens the dialog. */
export async function run<Data>(write: Write<Data>, seen: SeenState): Promise<void> {
  if (isWriting.value) return
  isWriting.value = true
  try {
    const answer = await write.send(seen.version)
    if (answer.failures.length === 0) write.onDone(answer)
    else if (answer.failures.some(({ code }) => code === 'CONFLICT')) await openConflict(write, seen, answer)
    else write.onFailure(answer)
  } finally {
    isWriting.value = false
  }
}

async function openConflict<Data>(write: Write<Data>, seen: SeenState, refused: Answer<Data>): Promise<void> {
  const { data } = await ask(ConnectionCardDocument, write.connection)
  const theirs = data?.clientConnection
  if (theirs == null) write.onFailure(refused)
  else conflict.value = { seen, theirs, mine: write.mine, sendAgain: () => run(write, theirs) }
}
