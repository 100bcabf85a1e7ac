import { type ViolationId, violationTexts } from './violation-texts.ts'

export type Params = Readonly<Record<string, string | number>>

/** One way in which an input is not valid, in a form that both doors can render. */
export interface Violation {
  /** The broken rule, for programs and translations. */
  readonly id: ViolationId
  /**
   * Set where the member is no part of the request document but an argument that filters or pages a list (REST: in the
   * query string).
   */
  readonly of?: 'argument'
  /** Names of members, as the domain has them; `['redirectUri']`. Empty: the document itself. */
  readonly path: readonly string[]
  /** The contract's name of the kind of rule (`docs/platform.md` §2): programs switch on it. */
  readonly rule: 'required' | 'cast' | 'format' | 'length' | 'number'
  /** The values of the placeholders; `reason` is a stable word for a group of rules. */
  readonly params: Params
}

/** The sentence of a violation with its placeholders. */
export const rawDescriptionOf = ({ id }: Pick<Violation, 'id'>): string => violationTexts[id]

/** A sentence with `%{name}` in place of each parameter, the parameters filled in. */
export function fillIn(text: string, params: Params): string {
  return text.replace(/%\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder))
}

/** The sentence of a violation with its parameters filled in. */
export function describeViolation(violation: Pick<Violation, 'id' | 'params'>): string {
  return fillIn(rawDescriptionOf(violation), violation.params)
}

type Path = readonly string[]

/** A member that must be there and is not. @param property its name on the wire */
export const missing = (path: Path, property: string): Violation => ({
  id: 'required',
  path,
  rule: 'required',
  params: { property },
})

/** A value of another JSON type than the expected one. */
export const wrongType = (path: Path, expected: string, value: unknown): Violation => ({
  id: 'type',
  path,
  rule: 'cast',
  params: { expected, actual: jsonTypeOf(value) },
})

/** A text of more than `max` code points. */
export const tooLong = (path: Path, max: number, actual: number): Violation => ({
  id: 'length',
  path,
  rule: 'length',
  params: { max, actual },
})

/** A text that PostgreSQL could not hold (NUL), or would silently replace (a lone surrogate). */
export const notStorable = (path: Path): Violation => ({
  id: 'not_storable',
  path,
  rule: 'format',
  params: { reason: 'character' },
})

/** Whether PostgreSQL can hold a text as it is. */
export const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0')

/** The length that JSON Schema 2020-12 (validation §6.3.1) and PostgreSQL count: code points. */
export function codePointsIn(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
