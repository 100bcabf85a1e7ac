import type { ComponentChildren } from 'preact'
import type { MessageId } from '../../messages/en.ts'
import type { Failure } from '../answers/ask.ts'
import { t } from '../language/language.ts'

/** A place that waits for an answer. It keeps the height of what comes, so that the page does not jump. */
export function Loading({ rows = 4 }: { readonly rows?: number }) {
  return (
    <div class="loading" role="status">
      <span class="unseen">{t('console.loading')}</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} class="bar" aria-hidden="true" />
      ))}
    </div>
  )
}

/** A list without items, with the reason and, below it, what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children}
    </div>
  )
}

/** A note about the state of a thing. `tone` is shown by a word or sign of the text, too. */
export function Note({
  tone,
  title,
  children,
}: {
  readonly tone: 'info' | 'warning' | 'bad' | 'good'
  readonly title?: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class={`note ${tone}`}>
      {title !== undefined && <p class="title">{title}</p>}
      {children}
    </div>
  )
}

/** Why something could not be read or done, and what to do about it. */
export function FailureNote({
  failures,
  requestId,
  onRetry,
}: {
  readonly failures: readonly Failure[]
  readonly requestId: string | null
  readonly onRetry?: (() => void) | undefined
}) {
  const first = failures[0]
  if (first === undefined) return null
  return (
    <div class="note bad" role="alert">
      <p class="title">{reasonText(first) ?? failureTitle(first)}</p>
      {reasonText(first) === null && <p>{failureAdvice(first)}</p>}
      {requestId !== null && (
        <p class="muted">
          {t('console.requestId')} <code>{requestId}</code>
        </p>
      )}
      {onRetry !== undefined && first.code !== 'FORBIDDEN' && (
        <button type="button" onClick={onRetry}>
          {t('console.retry')}
        </button>
      )}
    </div>
  )
}

const reasonTexts: Readonly<Partial<Record<string, MessageId>>> = {
  events_off: 'outcome.eventsOff',
  subscription_state: 'outcome.subscriptionState',
  too_many_subscriptions: 'outcome.tooManySubscriptions',
}

/** The sentence of a refusal that its code alone does not explain, or null. */
function reasonText(failure: Failure): string | null {
  const text = 'reason' in failure && failure.reason !== undefined ? reasonTexts[failure.reason] : undefined
  return text === undefined ? null : t(text)
}

function failureTitle(failure: Failure): string {
  if (failure.code === 'FORBIDDEN' && failure.missingAllowances.length > 0)
    return t('console.failure.scope', { scope: failure.missingAllowances.join(', ') })
  if (isPassing(failure)) return t(`console.failure.${failure.code}`)
  return t(`console.failure.${knownCode(failure.code)}`)
}

function failureAdvice(failure: Failure): string {
  if (failure.code === 'FORBIDDEN' && failure.missingAllowances.length > 0) return t('console.failure.scope.advice')
  if (!isPassing(failure)) return t(`console.failure.${knownCode(failure.code)}.advice`)
  const { retryAfter } = failure
  return retryAfter === null
    ? t('console.failure.later.advice')
    : t('console.failure.wait.advice', { seconds: retryAfter })
}

type Passing = Extract<Failure, { readonly retryAfter: number | null }>

/** Whether the same request may work a little later. */
const isPassing = (failure: Failure): failure is Passing =>
  failure.code === 'TOO_MANY_REQUESTS' || failure.code === 'SERVICE_UNAVAILABLE'

const known = ['NO_ANSWER', 'FORBIDDEN', 'NOT_FOUND', 'UNAUTHENTICATED', 'UNPROCESSABLE_ENTITY'] as const

const knownCode = (code: string) => known.find((each) => each === code) ?? 'other'
