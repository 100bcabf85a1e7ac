import type { NumberArguments } from '../domain/list-arguments.ts'
import type { ListClientsInput } from '../domain/read-clients.ts'
import type { ListClientConnectionsInput } from '../domain/read-connections.ts'

/** A query string as Fastify parses it: a name that stands twice has a list. */
export type GivenQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/** Of a name that stands twice the last one counts; an empty value counts as not given. */
function one(value: GivenQuery[string]): string | undefined {
  const last = typeof value === 'string' ? value : value?.at(-1)
  return last === '' ? undefined : last
}

/** NaN for a text that is no whole number: the operation refuses it, together with everything else. */
function wholeNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
}

/** The boolean that a text names; any other text as it is, for the operation to refuse. */
const boolean = (text: string | undefined) => (text === 'true' ? true : text === 'false' ? false : text)

const pageOf = ({ page, page_size }: GivenQuery): NumberArguments => ({
  by: 'number',
  page: wholeNumber(one(page)),
  pageSize: wholeNumber(one(page_size)),
})

/** The input of `GET /api/clients`. */
export function clientsInput(query: GivenQuery): ListClientsInput {
  const { id, user_id, name, is_blocked } = query
  return {
    filter: { id: one(id), userId: one(user_id), nameContains: one(name), isBlocked: boolean(one(is_blocked)) },
    order: 'INSERTED_AT_DESC',
    page: pageOf(query),
  }
}

/** The input of `GET /api/clients/{id}/connections`. */
export function connectionsInput(query: GivenQuery): ListClientConnectionsInput {
  const { consumer_id, redirect_uri } = query
  return {
    filter: { consumerId: one(consumer_id), redirectUriContains: one(redirect_uri) },
    page: pageOf(query),
  }
}
