import type { ComponentChild } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ViewerDocument } from '../../client/documents/graphql.ts'
import { type Answer, ask } from '../answers/ask.ts'
import { FailureNote } from '../parts/states.tsx'
import { session, viewer } from '../session/session.ts'

/** Asks once who the caller is. Answers what to show if that fails. */
export function useViewer(): ComponentChild {
  const [failed, setFailed] = useState<Answer<unknown> | null>(null)
  async function load(): Promise<void> {
    const answer = await ask(ViewerDocument, {})
    if (answer.data !== null) viewer.value = answer.data.viewer
    setFailed(answer.data === null ? answer : null)
  }
  useEffect(() => {
    if (viewer.value === null) void load()
  }, [])
  return failed !== null && session.value.kind === 'signed-in' ? <FailureNote {...failed} onRetry={load} /> : null
}
