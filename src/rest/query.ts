import type { NumberArguments } from '../domain/list-arguments.ts'
import type { ListClientsInput } from '../domain/read-clients.ts'
import type { ListClientConnectionsInput } from '../domain/read-connections.ts'

/** A query string as Fastify parses it. A repeated name has a list of values. */
export type GivenQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/** The number of a text; NaN for a text that is no whole number, which the operation then refuses. */
function wholeNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
}

/** The boolean that a text names. Any other text stays a text, which the operation then refuses. */
const boolean = (text: string | undefined) => (text === 'true' ? true : text === 'false' ? false : text)

/** Reads the parameters of one query string as arguments of the domain. */
class QueryReader {
  readonly #query: GivenQuery
  /** Arguments that stand more than once in the query string. */
  readonly repeated: string[] = []

  constructor(query: GivenQuery) {
    this.#query = query
  }

  /** The value of a parameter; undefined if it is missing, empty or repeated. The operation refuses a repeated one. */
  one(name: string, argument: string): string | undefined {
    const value = this.#query[name]
    if (value === undefined || typeof value === 'string') return value || undefined
    this.repeated.push(argument)
    return undefined
  }

  /** The page, with the name of each repeated argument. */
  page(): NumberArguments {
    return {
      by: 'number',
      page: wholeNumber(this.one('page', 'page')),
      pageSize: wholeNumber(this.one('page_size', 'pageSize')),
      repeated: this.repeated,
    }
  }
}

/** The client whose subscriptions `GET /api/event-subscriptions` lists. The operation refuses a repeated one. */
export const clientIdOf = (given: GivenQuery): string => new QueryReader(given).one('client_id', 'clientId') ?? ''

/** The page of `GET /api/event-subscriptions`. */
export function subscriptionsPage(given: GivenQuery): NumberArguments {
  const query = new QueryReader(given)
  query.one('client_id', 'clientId')
  return query.page()
}

/** The arguments of `GET /api/event-subscriptions/{subscription_id}/events`. */
export function pollInput(given: GivenQuery) {
  const query = new QueryReader(given)
  return {
    max: wholeNumber(query.one('max', 'max')),
    wait: wholeNumber(query.one('wait', 'wait')),
    repeated: query.repeated,
  }
}

/** The input of `GET /api/clients`. */
export function clientsInput(given: GivenQuery): ListClientsInput {
  const query = new QueryReader(given)
  return {
    filter: {
      id: query.one('id', 'id'),
      userId: query.one('user_id', 'userId'),
      nameContains: query.one('name', 'nameContains'),
      isBlocked: boolean(query.one('is_blocked', 'isBlocked')),
    },
    order: 'INSERTED_AT_DESC',
    page: query.page(),
  }
}

/** The input of `GET /api/clients/{id}/connections`. */
export function connectionsInput(given: GivenQuery): ListClientConnectionsInput {
  const query = new QueryReader(given)
  return {
    filter: {
      consumerId: query.one('consumer_id', 'consumerId'),
      redirectUriContains: query.one('redirect_uri', 'redirectUriContains'),
    },
    page: query.page(),
  }
}
