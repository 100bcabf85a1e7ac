import { encodeCursor, type Page, type PageRequest, type Place } from '../../domain/page.ts'
import type { SqlValue } from '../pool/json-rows.ts'

/**
 * Collects the values of a statement and returns a placeholder for each. The text of a statement holds only constants
 * and placeholders.
 */
export class SqlParameters {
  readonly list: SqlValue[] = []

  /** Adds a value and returns its placeholder. */
  add(value: SqlValue): string {
    return `$${this.list.push(value)}`
  }

  /**
   * Adds a pattern of `ILIKE` that finds a text anywhere, in any case. A wildcard in the text matches only itself.
   */
  addContained(text: string): string {
    return this.add(containing(text))
  }
}

/** The pattern of `LIKE` that finds a text anywhere. */
export const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`

/** The order of a list: the sort expressions, and the types to which a place is cast. */
export interface ListOrder {
  readonly key: string
  readonly id: string
  readonly keyType: 'timestamp' | 'bigint'
  readonly idType: 'uuid' | 'bigint'
  readonly descending: boolean
}

/** `WHERE …`, or an empty text without conditions. */
export const whereAll = (conditions: readonly string[]) =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`

/**
 * The end of a statement that selects a page: keyset, order, limit. It selects one item more than the page holds, to
 * see whether another page follows. `total` is an expression for the number of items. A numbered page needs it to find
 * the last page.
 */
export function pageClause(
  request: PageRequest,
  order: ListOrder,
  conditions: readonly string[],
  values: SqlParameters,
  total: string,
): string {
  if (request.by === 'number') {
    const size = values.add(request.size)
    const last = `greatest(${total} - 1, 0) / ${size}::int`
    const offset = `least(${values.add(request.number)}::bigint - 1, ${last}) * ${size}::int`
    return `${whereAll(conditions)} ${orderBy(order, order.descending)} LIMIT ${size}::int OFFSET ${offset}`
  }
  // To read backward is to read the reversed list.
  const descending = order.descending !== request.backward
  const beyond = request.place === null ? [] : [isBeyond(request.place, order, descending, values)]
  const where = whereAll([...conditions, ...beyond])
  return `${where} ${orderBy(order, descending)} LIMIT ${values.add(request.size + 1)}::int`
}

const orderBy = ({ key, id }: ListOrder, descending: boolean) =>
  `ORDER BY ${key} ${descending ? 'DESC' : 'ASC'}, ${id} ${descending ? 'DESC' : 'ASC'}`

function isBeyond(
  [keyValue, idValue]: Place,
  { key, id, keyType, idType }: ListOrder,
  descending: boolean,
  values: SqlParameters,
): string {
  const place = `(${values.add(keyValue)}::${keyType}, ${values.add(idValue)}::${idType})`
  return `(${key}, ${id}) ${descending ? '<' : '>'} ${place}`
}

/**
 * The statement that counts the rows of `from`. If the page needs no total, the statement returns null instead.
 */
export function totalOf(request: PageRequest, from: string): string {
  const isCounted = request.by === 'number' || request.withTotal
  return isCounted ? `SELECT count(*) AS total FROM ${from}` : 'SELECT NULL::bigint AS total'
}

/**
 * An item with its cursor. The class makes the cursor only when a reader asks for it. A getter of a class costs less
 * than a getter on each object.
 */
export class RowWithCursor<Item> {
  readonly item: Item
  readonly #key: string
  readonly #id: string

  /**
   * @param key the sort key as PostgreSQL writes it in JSON: a number, or a timestamp with microseconds
   */
  constructor(item: Item, key: string, id: string) {
    this.item = item
    this.#key = key
    this.#id = id
  }

  get cursor(): string {
    return encodeCursor([this.#key.replace('T', ' '), this.#id])
  }
}

/** Makes a page from the rows of a statement with `pageClause`. */
export function pageOf<Item>(
  rows: readonly RowWithCursor<Item>[],
  request: PageRequest,
  total: number | null,
): Page<Item> {
  const { size } = request
  const items = rows.slice(0, size)
  if (request.by === 'number') {
    const last = Math.max(Math.ceil((total ?? 0) / size), 1)
    const number = Math.min(request.number, last)
    return { items, size, total, number, hasPrevious: number > 1, hasNext: number < last }
  }
  const goesOn = rows.length > size
  // A page that begins at a place has at least the item at that place before it.
  const cameFrom = request.place !== null
  const [hasPrevious, hasNext] = request.backward ? [goesOn, cameFrom] : [cameFrom, goesOn]
  return { items: request.backward ? items.reverse() : items, size, total, number: null, hasPrevious, hasNext }
}
