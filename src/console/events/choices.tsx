import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface Option<Value extends string> {
  readonly value: Value
  readonly text: string
  readonly hint?: string
}

interface ChoicesProps<Value extends string> {
  readonly legend: string
  readonly options: readonly Option<Value>[]
  readonly isChosen: (value: Value) => boolean
  readonly onChoose: (value: Value) => void
  /** Whether several options can be chosen together. */
  readonly isMultiple?: boolean
  /** Shown below the options. */
  readonly children?: ComponentChildren
}

/** Options of which a person chooses one, or several. */
export function Choices<Value extends string>(props: ChoicesProps<Value>) {
  const { legend, options, isChosen, onChoose, isMultiple = false, children } = props
  const name = useId()
  return (
    <fieldset class="options">
      <legend>{legend}</legend>
      {options.map(({ value, text, hint }) => (
        <label key={value} class="option">
          <input
            type={isMultiple ? 'checkbox' : 'radio'}
            name={name}
            value={value}
            checked={isChosen(value)}
            onChange={() => onChoose(value)}
          />
          <span>
            {text}
            {hint !== undefined && <small>{hint}</small>}
          </span>
        </label>
      ))}
      {children}
    </fieldset>
  )
}
