/**
 * Which part of a list. Lists have a stable order with the id as tie-breaker.
 * - `cursor`: the `size` items after a place, or, `backward`, before it. Stays right while others insert.
 * - `number`: the REST door's numbered pages, from 1. Past the end means the last page.
 */
export type PageRequest =
  | {
      readonly by: 'cursor'
      readonly size: number
      /** From the cursor of a `Page` of the same list; null: from the start (or, backward, the end). */
      readonly place: Place | null
      readonly backward: boolean
      /** Whether `total` is wanted; it costs a count. */
      readonly withTotal: boolean
    }
  | { readonly by: 'number'; readonly size: number; readonly number: number }

/** A place in a list: the sort key and the id of the item there, as the database writes them. */
export type Place = readonly [key: string, id: string]

/** Lists by time have the microseconds that a Date would lose; the history is in the order of its ids. */
const placeOfTime =
  /^\["\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?","[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"\]$/
const placeOfNumber = /^\["\d{1,18}","\d{1,18}"\]$/

/** A place as an opaque text for callers. */
export function encodeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** The place that a cursor names, or null if it is no cursor of such a list. */
export function decodeCursor(cursor: string, list: 'time' | 'number'): Place | null {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!(list === 'time' ? placeOfTime : placeOfNumber).test(text)) return null
  const place = JSON.parse(text) as Place // the pattern leaves nothing else
  return list === 'number' || isTime(place[0]) ? place : null
}

/** Whether there is such a time: the database refuses 31 February, which a Date takes for 2 March, and the year 0. */
function isTime(text: string): boolean {
  const seconds = text.slice(0, 19).replace(' ', 'T')
  const date = new Date(`${seconds}Z`)
  return !text.startsWith('0000') && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(seconds)
}

/** A part of a list. */
export interface Page<Item> {
  /** In the order of the list, whichever way it was walked. */
  readonly items: readonly { readonly item: Item; readonly cursor: string }[]
  readonly hasPrevious: boolean
  readonly hasNext: boolean
  /** Items in the whole list, under its filter; null where it was not asked for. Numbered pages always have it. */
  readonly total: number | null
  /** As asked for: the most items that the page could hold. */
  readonly size: number
  /** Of a numbered page: the one that is answered, which is the last one where a later one was asked for; else null. */
  readonly number: number | null
}

/** A list that is known to be empty, as a page. */
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
