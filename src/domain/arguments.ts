import { GatewayError } from './errors.ts'
import { decodeCursor, type PageRequest, type Place } from './page.ts'
import { isUuid } from './uuid.ts'
import type { Violation } from './violation.ts'

/** Arguments that choose and page, as they came. Absent and null mean the same. */
type Given<T> = T | null | undefined

export interface CursorArguments {
  readonly first?: Given<number>
  readonly after?: Given<string>
  readonly last?: Given<number>
  readonly before?: Given<string>
}

/** Items of a page by cursor, where nobody says, and at most. */
export const defaultFirst = 20
export const mostFirst = 100
const defaultPageSize = 50
const mostPageSize = 300

const violation = (name: string, rest: Pick<Violation, 'rule' | 'rawDescription' | 'params'>): Violation => ({
  of: 'argument',
  path: [name],
  ...rest,
})

const outOfRange = (name: string, min: number, max: number) =>
  violation(name, {
    rule: 'number',
    rawDescription: 'expected the value to be from %{min} to %{max}',
    params: { min, max },
  })

/** Collects what is wrong with arguments, so that all of it is said at once. */
export class ArgumentChecks {
  readonly #violations: Violation[] = []

  /** A UUID, if one is given. */
  uuid(name: string, value: Given<string>): void {
    if (value != null && !isUuid(value))
      this.#refuse(
        violation(name, { rule: 'format', rawDescription: 'value is not a UUID', params: { format: 'uuid' } }),
      )
  }

  /** A text to look for, if one is given: short, and such as the database could hold. */
  text(name: string, value: Given<string>): void {
    if (value == null) return
    const actual = [...value].length
    if (actual > 255)
      this.#refuse(
        violation(name, {
          rule: 'length',
          rawDescription: 'expected value to have a maximum length of %{max} but was %{actual}',
          params: { max: 255, actual },
        }),
      )
    if (!value.isWellFormed() || value.includes('\0'))
      this.#refuse(
        violation(name, {
          rule: 'format',
          rawDescription: 'NUL and ill-formed Unicode are not allowed',
          params: { reason: 'character' },
        }),
      )
  }

  /** Forward from `after`, or, where `last` or `before` is given, backward from `before`. */
  cursorPage(
    { first, after, last, before }: CursorArguments,
    list: 'time' | 'number',
    withTotal: boolean,
  ): PageRequest {
    const backward = last != null || before != null
    const size = (backward ? last : first) ?? defaultFirst
    if (size < 1 || size > mostFirst) this.#refuse(outOfRange(backward ? 'last' : 'first', 1, mostFirst))
    if (backward && after != null)
      this.#refuse(
        violation('after', {
          rule: 'format',
          rawDescription: 'after cannot be combined with last or before',
          params: { reason: 'combination' },
        }),
      )
    const place = this.#place(backward ? 'before' : 'after', backward ? before : after, list)
    return { by: 'cursor', size, place, backward, withTotal }
  }

  /** `page` and `page_size` as the query string has them. A larger size than the greatest is cut down to it. */
  numberedPage(page: Given<string>, pageSize: Given<string>): PageRequest {
    return {
      by: 'number',
      number: this.#wholeNumber('page', page) ?? 1,
      size: Math.min(this.#wholeNumber('page_size', pageSize) ?? defaultPageSize, mostPageSize),
    }
  }

  /** `true` or `false` as the query string has it. */
  boolean(name: string, value: Given<string>): boolean | undefined {
    if (value == null) return undefined
    if (value !== 'true' && value !== 'false')
      this.#refuse(
        violation(name, {
          rule: 'cast',
          rawDescription: 'type mismatch. Expected %{expected} but got %{actual}',
          params: { expected: 'boolean', actual: 'string' },
        }),
      )
    return value === 'true'
  }

  /** @throws GatewayError `validationFailed` with everything that was found */
  done(): void {
    if (this.#violations.length > 0) throw new GatewayError('validationFailed', { violations: this.#violations })
  }

  #refuse(found: Violation): void {
    this.#violations.push(found)
  }

  #wholeNumber(name: string, value: Given<string>): number | undefined {
    if (value == null) return undefined
    if (/^0*[1-9]\d{0,8}$/.test(value)) return Number(value)
    this.#refuse(
      violation(name, {
        rule: 'number',
        rawDescription: 'expected a whole number of at least %{min}',
        params: { min: 1 },
      }),
    )
    return undefined
  }

  #place(name: string, cursor: Given<string>, list: 'time' | 'number'): Place | null {
    if (cursor == null) return null
    const place = decodeCursor(cursor, list)
    if (place === null)
      this.#refuse(
        violation(name, {
          rule: 'format',
          rawDescription: 'value is not a cursor of this list',
          params: { format: 'cursor' },
        }),
      )
    return place
  }
}
