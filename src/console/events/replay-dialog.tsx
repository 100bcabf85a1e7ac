import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Choices } from './choices.tsx'
import { RefusalNote } from './refusal-note.tsx'
import { ReplayProgress, soFar } from './replay-progress.tsx'
import { type ReplayForm, rangeOf } from './replay-range.ts'
import { useReplay } from './use-replay.ts'

interface ReplayDialogProps {
  readonly id: string
  readonly start: ReplayForm
  readonly isPaused: boolean
  readonly onClose: () => void
  readonly onReplayed: () => void
}

/** Queues events anew: those of a time, or those of a connection. It says how many, portion by portion. */
export function ReplayDialog({ id, start, isPaused, onClose, onReplayed }: ReplayDialogProps) {
  const form = useSignal(start)
  const fault = useSignal<string | null>(null)
  const { progress, isBusy, failed, begin, goOn } = useReplay(id, ({ queued, after }) => {
    announce(after === null ? t('console.events.replay.done', { count: queued }) : soFar(queued))
    onReplayed()
  })
  const change = (part: Partial<ReplayForm>) => {
    form.value = { ...form.value, ...part }
    fault.value = null
  }

  function submit(event: Event): void {
    event.preventDefault()
    const range = rangeOf(form.value)
    fault.value = typeof range === 'string' ? range : null
    if (typeof range === 'string') announce(range)
    else begin(range)
  }

  return (
    <Dialog title={t('console.events.replay.title')} onClose={onClose}>
      {progress.value === null ? (
        <form noValidate onSubmit={submit}>
          <p>{t('console.events.replay.text')}</p>
          <Choices
            legend={t('console.events.replay.by')}
            options={(['byTime', 'byConnection'] as const).map((value) => ({
              value,
              text: t(`console.events.replay.${value}`),
            }))}
            isChosen={(value) => value === form.value.by}
            onChoose={(by) => change({ by })}
          />
          {form.value.by === 'byTime' ? (
            <div class="times">
              <Field
                type="datetime-local"
                label={t('console.events.replay.from')}
                value={form.value.from}
                fault={fault.value}
                onType={(from) => change({ from })}
              />
              <Field
                type="datetime-local"
                label={t('console.events.replay.to')}
                value={form.value.to}
                fault={fault.value}
                onType={(to) => change({ to })}
              />
            </div>
          ) : (
            <Field
              type="text"
              label={t('console.events.replay.connection')}
              value={form.value.connectionId}
              fault={fault.value}
              onType={(connectionId) => change({ connectionId })}
            />
          )}
          <p id="replay-fault" class="verdict bad">
            {fault.value}
          </p>
          {failed.value !== null && (
            <RefusalNote answer={failed.value} title={t('console.failure.UNPROCESSABLE_ENTITY')} />
          )}
          <div class="actions">
            <button type="submit" class="primary" aria-disabled={isBusy.value}>
              {t('console.events.replay')}
            </button>
            <button type="button" class="quiet" onClick={onClose}>
              {t('console.cancel')}
            </button>
          </div>
        </form>
      ) : (
        <ReplayProgress
          queued={progress.value.queued}
          after={progress.value.after}
          failed={failed.value}
          isPaused={isPaused}
          onGoOn={goOn}
          onClose={onClose}
        />
      )}
    </Dialog>
  )
}

interface FieldProps {
  readonly type: 'text' | 'datetime-local'
  readonly label: string
  readonly value: string
  readonly fault: string | null
  readonly onType: (value: string) => void
}

function Field({ type, label, value, fault, onType }: FieldProps) {
  const id = useId()
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        {...(type === 'text' ? { type: 'text' } : { type: 'datetime-local' })}
        autoComplete="off"
        spellcheck={false}
        value={value}
        aria-invalid={fault !== null}
        aria-describedby="replay-fault"
        onInput={({ currentTarget }) => onType(currentTarget.value)}
      />
    </p>
  )
}
