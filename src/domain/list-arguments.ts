import { GatewayError } from './errors.ts'
import { decodeCursor, type PageRequest, type Place } from './page.ts'
import { isUuid } from './uuid.ts'
import { codePointsIn, isStorable, notStorable, tooLong, type Violation, wrongType } from './violation.ts'

/** An argument of a caller. Absent and null mean the same. */
export type OptionalArgument<T> = T | null | undefined

/** A page by cursor, as a caller asks for it. */
export interface CursorArguments {
  readonly by: 'cursor'
  readonly first?: OptionalArgument<number>
  readonly after?: OptionalArgument<string>
  readonly last?: OptionalArgument<number>
  readonly before?: OptionalArgument<string>
  /** Whether the caller wants the number of all items; it costs a count. */
  readonly withTotal: boolean
}

/** A numbered page, as a caller asks for it. NaN: the caller sent something that is no whole number. */
export interface NumberArguments {
  readonly by: 'number'
  readonly page?: OptionalArgument<number>
  readonly pageSize?: OptionalArgument<number>
  /** Arguments of the list that the caller has sent more than once, so that nobody knows which value counts. */
  readonly repeated: readonly string[]
}

export type PageArguments = CursorArguments | NumberArguments

/** Items of a page by cursor: the default, and the most. */
export const defaultFirst = 20
export const mostFirst = 100
const defaultPageSize = 50
const mostPageSize = 300
const textLengthAtMost = 255

type Argument = Omit<Violation, 'of' | 'path'>

/** Collects the violations of a list's arguments, so that all of them are answered at once. */
export class ListArguments {
  readonly #violations: Violation[] = []

  /** A UUID, if one is given. */
  uuid(name: string, value: OptionalArgument<string>): void {
    if (value == null || isUuid(value)) return
    this.#refuse(name, { id: 'uuid', rule: 'cast', params: { expected: 'uuid', actual: 'string' } })
  }

  /** A text to search for, if one is given: short, and such as the database could hold. */
  text(name: string, value: OptionalArgument<string>): void {
    if (value == null) return
    const length = codePointsIn(value)
    if (length > textLengthAtMost) this.#refuse(name, tooLong([], textLengthAtMost, length))
    if (!isStorable(value)) this.#refuse(name, notStorable([]))
  }

  /** A boolean, if one is given. */
  boolean(name: string, value: unknown): void {
    if (value != null && typeof value !== 'boolean') this.#refuse(name, wrongType([], 'boolean', value))
  }

  /** A page of either kind. `list`: how its cursors name a place. */
  page(given: PageArguments, list: 'time' | 'number'): PageRequest {
    return given.by === 'cursor' ? this.#cursorPage(given, list) : this.#numberedPage(given)
  }

  /** @throws GatewayError `validationFailed` with every violation that was found */
  done(): void {
    if (this.#violations.length > 0) throw new GatewayError('validationFailed', { violations: this.#violations })
  }

  #refuse(name: string, argument: Argument): void {
    this.#violations.push({ ...argument, of: 'argument', path: [name] })
  }

  /** Forward from `after`, or, where `last` or `before` is given, backward from `before`. */
  #cursorPage({ first, after, last, before, withTotal }: CursorArguments, list: 'time' | 'number'): PageRequest {
    const backward = last != null || before != null
    const size = (backward ? last : first) ?? defaultFirst
    if (size < 1 || size > mostFirst)
      this.#refuse(backward ? 'last' : 'first', { id: 'range', rule: 'number', params: { min: 1, max: mostFirst } })
    if (backward && after != null)
      this.#refuse('after', { id: 'cursor_direction', rule: 'format', params: { reason: 'combination' } })
    const place = this.#place(backward ? 'before' : 'after', backward ? before : after, list)
    return { by: 'cursor', size, place, backward, withTotal }
  }

  /** A larger size than the greatest is cut down to it. */
  #numberedPage({ page, pageSize, repeated }: NumberArguments): PageRequest {
    for (const name of repeated) this.#refuse(name, { id: 'repeated', rule: 'format', params: { reason: 'repeated' } })
    return {
      by: 'number',
      number: this.#wholeNumber('page', page) ?? 1,
      size: Math.min(this.#wholeNumber('pageSize', pageSize) ?? defaultPageSize, mostPageSize),
    }
  }

  #wholeNumber(name: string, value: OptionalArgument<number>): number | undefined {
    if (value == null) return undefined
    if (Number.isInteger(value) && value >= 1 && value < 1_000_000_000) return value
    this.#refuse(name, { id: 'whole_number', rule: 'number', params: { min: 1 } })
    return undefined
  }

  #place(name: string, cursor: OptionalArgument<string>, list: 'time' | 'number'): Place | null {
    if (cursor == null) return null
    const place = decodeCursor(cursor, list)
    if (place === null) this.#refuse(name, { id: 'cursor', rule: 'format', params: { format: 'cursor' } })
    return place
  }
}

/** The arguments of a list without those that are null: to a store absent is the only way of not filtering. */
export function present<Arguments extends object>(
  given: Arguments,
): { [Name in keyof Arguments]?: NonNullable<Arguments[Name]> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as never // members keep their types
}
