import { t } from '../language/language.ts'
import { Copyable } from './copyable.tsx'

/** A UUID, short for the eye and whole for the clipboard. */
export function Uuid({ id, label }: { readonly id: string; readonly label: string }) {
  return <Copyable text={id} label={label} shown={`${id.slice(0, 8)}…${id.slice(-4)}`} />
}

/** The name of a client, or a word in its place where it has none. */
export function ClientName({ name }: { readonly name: string | null | undefined }) {
  return name || <em>{t('console.client.unnamed')}</em>
}
