interface ActRowProps {
  readonly title: string
  readonly hint: string
  /** How much the button stands out. */
  readonly look?: 'primary' | 'danger outline'
  readonly isDisabled?: boolean
  readonly onAct: () => void
}

/** An act with its consequence. An act that is not possible now is shown, and its hint says why. */
export function ActRow({ title, hint, look, isDisabled = false, onAct }: ActRowProps) {
  return (
    <div class="act">
      <p class="muted">{hint}</p>
      <button type="button" class={look} aria-disabled={isDisabled} onClick={() => !isDisabled && onAct()}>
        {title}
      </button>
    </div>
  )
}
