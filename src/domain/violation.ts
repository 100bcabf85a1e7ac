import { type ViolationId, violationTexts } from './violation-texts.ts'

export type Params = Readonly<Record<string, string | number>>

/** One fault of an input. Both doors can render it. */
export interface Violation {
  /** The broken rule, for programs and translations. */
  readonly id: ViolationId
  /**
   * Present if the fault is in an argument that filters or pages a list, not in the request document. REST takes such
   * arguments from the query string.
   */
  readonly of?: 'argument'
  /** The names of members in the domain, for example `['redirectUri']`. Empty: the document itself. */
  readonly path: readonly string[]
  /** The contract's name of the kind of rule (`docs/platform.md` §2), for programs. */
  readonly rule: 'required' | 'cast' | 'format' | 'length' | 'number' | 'inclusion'
  /** The values of the placeholders. `reason` is a stable word for a group of rules. */
  readonly params: Params
}

/** The sentence of a violation, before parameters replace its placeholders. */
export const rawDescriptionOf = ({ id }: Pick<Violation, 'id'>): string => violationTexts[id]

/** Replaces each `%{name}` in a sentence by the parameter of that name. */
export function fillIn(text: string, params: Params): string {
  return text.replace(/%\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder))
}

/** The sentence of a violation with its parameters. */
export function describeViolation(violation: Pick<Violation, 'id' | 'params'>): string {
  return fillIn(rawDescriptionOf(violation), violation.params)
}

type Path = readonly string[]

/** A required member that is absent. @param property its name in the request */
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

/** A text with NUL, which PostgreSQL refuses, or with a lone surrogate, which it would replace silently. */
export const notStorable = (path: Path): Violation => ({
  id: 'not_storable',
  path,
  rule: 'format',
  params: { reason: 'character' },
})

/** A value that is none of those that are allowed. */
export const notOneOf = (path: Path, values: readonly string[]): Violation => ({
  id: 'one_of',
  path,
  rule: 'inclusion',
  params: { values: values.join(', ') },
})

/** Whether PostgreSQL can store a text unchanged. */
export const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0')

/** The length in code points, as JSON Schema 2020-12 (validation §6.3.1) and PostgreSQL count it. */
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
