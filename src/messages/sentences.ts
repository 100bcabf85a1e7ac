import type { MessageId } from './en.ts'
import type { Format } from './format.ts'

/** The words behind a prefix: `host_empty` of `violation.host_empty`. */
export type IdBehind<Prefix extends string, Id = MessageId> = Id extends `${Prefix}.${infer Word}` ? Word : never

/** A violation or a warning of the domain, as far as its sentence needs it. */
interface Point<Prefix extends string> {
  readonly id: IdBehind<Prefix>
  readonly params: Readonly<Record<string, string | number>>
}

/** The sentence of a violation. */
export const violationSentence = (format: Format, { id, params }: Point<'violation'>): string =>
  format(`violation.${id}`, params)

/** The sentence of a warning. The domain names alphabets in English: `Cyrillic, Latin`. */
export function warningSentence(format: Format, { id, params }: Point<'warning'>): string {
  const scripts = String(params['scripts'] ?? '')
    .split(', ')
    .map((name) => format('alphabet', { name }))
  return format(`warning.${id}`, { ...params, scripts: scripts.join(', ') })
}
