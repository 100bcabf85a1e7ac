import { encodeCursor, type Page, type PageRequest, type Place } from '../../domain/page.ts'
import type { SqlValue } from '../pool/fast-statements.ts'

/**
 * Collects values while a statement is put together: each gets its placeholder. Texts are made of constants and
 * placeholders only.
 */
export class SqlParameters {
  readonly list: SqlValue[] = []

  /** The placeholder of a value. */
  add(value: SqlValue): string {
    return `$${this.list.push(value)}`
  }

  /**
   * The placeholder of a pattern that finds a text anywhere, in any case, with `ILIKE`; its own wildcards mean
   * themselves.
   */
  addContained(text: string): string {
    return this.add(containing(text))
  }
}

/** A pattern of `LIKE` that finds a text anywhere. */
export const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`

/** What a list is sorted by: the expressions, and how a place in it is cast. */
export interface ListOrder {
  readonly key: string
  readonly id: string
  readonly keyType: 'timestamp' | 'bigint'
  readonly idType: 'uuid' | 'bigint'
  readonly descending: boolean
}

/** `WHERE …`, or nothing. */
export const whereAll = (conditions: readonly string[]) =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`

/**
 * The end of a statement that selects a page: keyset, order, limit. It takes one item more than the page holds, which
 * tells whether the list goes on. `total` is an expression for the number of items, which numbered pages need to find
 * the last one.
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
  // Walking backward is walking the reversed list.
  const descending = order.descending !== request.backward
  const beyond = request.place === null ? [] : [isBeyond(request.place, order, descending, values)]
  return `${whereAll([...conditions, ...beyond])} ${orderBy(order, descending)} LIMIT ${values.add(request.size + 1)}::int`
}

const orderBy = ({ key, id }: ListOrder, descending: boolean) =>
  `ORDER BY ${key} ${descending ? 'DESC' : 'ASC'}, ${id} ${descending ? 'DESC' : 'ASC'}`

function isBeyond(
  [keyValue, idValue]: Place,
  { key, id, keyType, idType }: ListOrder,
  descending: boolean,
  values: SqlParameters,
): string {
  return `(${key}, ${id}) ${descending ? '<' : '>'} (${values.add(keyValue)}::${keyType}, ${values.add(idValue)}::${idType})`
}

/**
 * The statement that counts a list, `FROM` what is given, where the page needs its total; else one that answers null.
 */
export function totalOf(request: PageRequest, from: string): string {
  const isCounted = request.by === 'number' || request.withTotal
  return isCounted ? `SELECT count(*) AS total FROM ${from}` : 'SELECT NULL::bigint AS total'
}

/**
 * An item and its place. A class, because most readers never look at the cursor, and a getter on each object would cost
 * more than it.
 */
export class RowWithCursor<Item> {
  readonly item: Item
  readonly #key: string
  readonly #id: string

  /**
   * @param key what the list is sorted by, as the database writes it in JSON: a number, or a timestamp with its
   * microseconds
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

/** A page from the rows of such a statement. */
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
  // Whoever comes from a place has left something behind: at least the item there.
  const cameFrom = request.place !== null
  const [hasPrevious, hasNext] = request.backward ? [goesOn, cameFrom] : [cameFrom, goesOn]
  return { items: request.backward ? items.reverse() : items, size, total, number: null, hasPrevious, hasNext }
}
