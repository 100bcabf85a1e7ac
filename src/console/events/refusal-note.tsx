import type { Answer } from '../answers/ask.ts'
import { FailureNote } from '../parts/states.tsx'
import { type TargetPoint, targetText } from './target.ts'

/** The violations that the gateway has found. */
export const violationsOf = ({ failures }: Answer<unknown>): readonly (TargetPoint & { path: readonly string[] })[] =>
  failures.flatMap((failure) =>
    failure.code !== 'UNPROCESSABLE_ENTITY'
      ? []
      : failure.inputErrors.map(({ message, path, options }) => ({ ...options, message, path })),
  )

/** Why the gateway refused an act: each violation in a sentence of its own, or the reason of its code. */
export function RefusalNote({ answer, title }: { readonly answer: Answer<unknown>; readonly title: string }) {
  const points = violationsOf(answer)
  if (points.length === 0) return <FailureNote {...answer} />
  return (
    <div class="note bad" role="alert">
      <p class="title">{title}</p>
      {points.map((point) => (
        <p key={point.id}>{targetText(point)}</p>
      ))}
    </div>
  )
}
