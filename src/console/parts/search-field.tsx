import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'

/** Milliseconds without a key after which the list is asked for. */
const pause = 250

interface SearchFieldProps {
  readonly label: string
  readonly placeholder?: string
  /** What the list is searched for now. */
  readonly value: string
  readonly onSearch: (text: string) => void
  /** Told each typed text at once. true: it is dealt with, so no search follows. */
  readonly takes?: (text: string) => boolean
}

/** A field that searches while a person types. */
export function SearchField({ label, placeholder = '', value, onSearch, takes }: SearchFieldProps) {
  const typed = useSignal(value)
  const searched = useRef(value)
  const timer = useRef(0)
  const id = useId()
  // Back, or a link, brings another search.
  useEffect(() => {
    if (value !== searched.current) typed.value = value
    searched.current = value
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])

  function type(text: string): void {
    typed.value = text
    clearTimeout(timer.current)
    if (takes?.(text.trim()) === true) return
    timer.current = window.setTimeout(() => {
      searched.current = text.trim()
      onSearch(text.trim())
    }, pause)
  }

  return (
    <p class="field grow">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={typed.value}
        placeholder={placeholder}
        autoComplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => type(currentTarget.value)}
      />
    </p>
  )
}
