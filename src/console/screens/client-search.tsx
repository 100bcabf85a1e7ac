import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { isUuid } from '../../domain/uuid.ts'
import { t } from '../language/language.ts'
import { go, places } from '../places/places.ts'
import { openByUuid } from './open-by-uuid.ts'

/** Milliseconds without a key after which the list is asked for. */
const pause = 250

/** The search of the list. What it looks for stands in the address. */
export function ClientSearch({ name, blocked }: { readonly name: string; readonly blocked: string }) {
  const typed = useSignal(name)
  const shown = useRef(name)
  const [nameId, blockedId] = [useId(), useId()]
  // Back, or a link, brings another search.
  useEffect(() => {
    if (name !== shown.current) typed.value = name
    shown.current = name
  }, [name])
  useEffect(() => {
    const text = typed.value.trim()
    if (text === shown.current || isUuid(text)) return
    const timer = setTimeout(() => search(text, blocked), pause)
    return () => clearTimeout(timer)
  }, [typed.value, blocked])

  function search(q: string, state: string): void {
    shown.current = q
    go(places.clients({ q, blocked: state }), { isStep: false })
  }

  function type(text: string): void {
    typed.value = text
    if (isUuid(text.trim())) void openByUuid(text.trim())
  }

  return (
    <search class="search">
      <p class="field grow">
        <label for={nameId}>{t('console.search.name')}</label>
        <input
          id={nameId}
          type="search"
          value={typed.value}
          placeholder={t('console.search.placeholder')}
          autoComplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => type(currentTarget.value)}
        />
      </p>
      <p class="field">
        <label for={blockedId}>{t('console.client.state')}</label>
        <select
          id={blockedId}
          value={blocked}
          onChange={({ currentTarget }) => search(typed.value.trim(), currentTarget.value)}
        >
          <option value="">{t('console.search.all')}</option>
          <option value="no">{t('console.search.active')}</option>
          <option value="yes">{t('console.search.blocked')}</option>
        </select>
      </p>
    </search>
  )
}
