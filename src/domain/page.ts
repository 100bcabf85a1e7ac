/**
 * A request for a part of a list. Every list has a stable order, with the id as tie-breaker.
 * - `cursor`: the `size` items after a place, or before it if `backward`. New rows do not shift such a page.
 * - `number`: a numbered page of the REST door, from 1. A number past the end means the last page.
 */
export type PageRequest =
  | {
      readonly by: 'cursor'
      readonly size: number
      /** The place in a cursor of the same list. null: the page begins at the start, or at the end if `backward`. */
      readonly place: Place | null
      readonly backward: boolean
      /** Whether the page holds `total`, which costs a count. */
      readonly withTotal: boolean
    }
  | { readonly by: 'number'; readonly size: number; readonly number: number }

/** A place in a list: the sort key and the id of an item, as PostgreSQL writes them. */
export type Place = readonly [key: string, id: string]

/** A key of a list by time keeps microseconds, which a Date would lose. The history is sorted by its ids. */
const placeOfTime =
  /^\["\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?","[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"\]$/
const placeOfNumber = /^\["\d{1,18}","\d{1,18}"\]$/

/** The cursor of a place: a text that callers need not understand. */
export function encodeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** The place that a cursor names. null: the text is no cursor of such a list. */
export function decodeCursor(cursor: string, list: 'time' | 'number'): Place | null {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!(list === 'time' ? placeOfTime : placeOfNumber).test(text)) return null
  const place = JSON.parse(text) as Place // the pattern allows only this form
  return list === 'number' || isTime(place[0]) ? place : null
}

/** Whether the time exists. PostgreSQL refuses the year 0 and 31 February, which a Date reads as 2 March. */
function isTime(text: string): boolean {
  const seconds = text.slice(0, 19).replace(' ', 'T')
  const date = new Date(`${seconds}Z`)
  return !text.startsWith('0000') && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(seconds)
}

/** A part of a list. */
export interface Page<Item> {
  /** In the order of the list, also if the page was read backward. */
  readonly items: readonly { readonly item: Item; readonly cursor: string }[]
  readonly hasPrevious: boolean
  readonly hasNext: boolean
  /** The number of items in the filtered list. null: the request did not ask. A numbered page always has it. */
  readonly total: number | null
  /** The requested size: the page holds no more items. */
  readonly size: number
  /** The number of a numbered page. It is the last page if the request named a later one. null: a page by cursor. */
  readonly number: number | null
}

/** The page of an empty list. */
export function emptyPage<Item>(request: PageRequest): Page<Item> {
  const numbered = request.by === 'number'
  return {
    items: [],
    hasPrevious: false,
    hasNext: false,
    size: request.size,
    total: numbered || request.withTotal ? 0 : null,
    number: numbered ? 1 : null,
  }
}
