import { GatewayError } from './errors.ts'
import { isHostName } from './host-names.ts'
import { decodeCursor, type PageRequest, type Place } from './page.ts'
import { isUuid } from './uuid.ts'
import { codePointsIn, isStorable, notStorable, tooLong, type Violation, wrongType } from './violation.ts'

/** An argument of a caller. Absent and null mean the same. */
export type OptionalArgument<T> = T | null | undefined

/** The arguments of a page by cursor. */
export interface CursorArguments {
  readonly by: 'cursor'
  readonly first?: OptionalArgument<number>
  readonly after?: OptionalArgument<string>
  readonly last?: OptionalArgument<number>
  readonly before?: OptionalArgument<string>
  /** Whether the caller asks for the number of all items, which costs a count. */
  readonly withTotal: boolean
}

/** The arguments of a numbered page. NaN: the caller sent a value that is no whole number. */
export interface NumberArguments {
  readonly by: 'number'
  readonly page?: OptionalArgument<number>
  readonly pageSize?: OptionalArgument<number>
  /** Arguments of the list that the caller has sent more than once, so that nobody knows which value counts. */
  readonly repeated: readonly string[]
}

export type PageArguments = CursorArguments | NumberArguments

/** The default and the greatest size of a page by cursor. */
export const defaultFirst = 20
export const mostFirst = 100
const defaultPageSize = 50
const mostPageSize = 300
const textLengthAtMost = 255

type Argument = Omit<Violation, 'of' | 'path'>

/** Collects the violations of a list's arguments, so that one answer names all of them. */
export class ListArguments {
  readonly #violations: Violation[] = []

  /** Accepts a UUID or no value. */
  uuid(name: string, value: OptionalArgument<string>): void {
    if (value == null || isUuid(value)) return
    this.#refuse(name, { id: 'uuid', rule: 'cast', params: { expected: 'uuid', actual: 'string' } })
  }

  /** Accepts a short text that PostgreSQL can store, or no value. */
  text(name: string, value: OptionalArgument<string>): void {
    if (value == null) return
    const length = codePointsIn(value)
    if (length > textLengthAtMost) this.#refuse(name, tooLong([], textLengthAtMost, length))
    if (!isStorable(value)) this.#refuse(name, notStorable([]))
  }

  /** Accepts the name of a host, without scheme, port and path, or no value. */
  host(name: string, value: OptionalArgument<string>): void {
    if (value == null || isHostName(value)) return
    this.#refuse(name, { id: 'host_name', rule: 'format', params: { format: 'hostname' } })
  }

  /** Accepts a boolean or no value. */
  boolean(name: string, value: unknown): void {
    if (value != null && typeof value !== 'boolean') this.#refuse(name, wrongType([], 'boolean', value))
  }

  /** Refuses arguments that were sent more than once. */
  once(repeated: readonly string[]): void {
    for (const name of repeated) this.#refuse(name, { id: 'repeated', rule: 'format', params: { reason: 'repeated' } })
  }

  /** Accepts a whole number from `min` to `max`, or no value. */
  count(name: string, value: OptionalArgument<number>, bounds: { readonly min: number; readonly max: number }) {
    if (value == null) return undefined
    if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return value
    this.#refuse(name, { id: 'range', rule: 'number', params: bounds })
    return undefined
  }

  /** Reads a page of either kind. `list` names the sort key that its cursors hold. */
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

  /** Reads forward from `after`. Reads backward from `before` if the caller sent `last` or `before`. */
  #cursorPage({ first, after, last, before, withTotal }: CursorArguments, list: 'time' | 'number'): PageRequest {
    const backward = last != null || before != null
    const [name, given] = backward ? (['last', last] as const) : (['first', first] as const)
    const size = this.count(name, given, { min: 1, max: mostFirst }) ?? defaultFirst
    if (backward && after != null)
      this.#refuse('after', { id: 'cursor_direction', rule: 'format', params: { reason: 'combination' } })
    const place = this.#place(backward ? 'before' : 'after', backward ? before : after, list)
    return { by: 'cursor', size, place, backward, withTotal }
  }

  /** Reduces a size above the greatest size to that size. */
  #numberedPage({ page, pageSize, repeated }: NumberArguments): PageRequest {
    this.once(repeated)
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

/** Removes the arguments that are null: a store takes an absent member for "no filter", not null. */
export function present<Arguments extends object>(
  given: Arguments,
): { [Name in keyof Arguments]?: NonNullable<Arguments[Name]> } {
  // Members keep their types.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as never
}
