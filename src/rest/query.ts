import type { ArgumentChecks } from '../domain/arguments.ts'
import type { ClientFilter } from '../domain/client.ts'
import type { ConnectionFilter } from '../domain/connection.ts'
import type { PageRequest } from '../domain/page.ts'

/** A query string as Fastify parses it: a name that stands twice has a list. */
export type GivenQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/** Of a name that stands twice the last one counts; an empty value counts as not given. */
function one(value: GivenQuery[string]): string | undefined {
  const last = typeof value === 'string' ? value : value?.at(-1)
  return last === '' ? undefined : last
}

/** Leaves out what is not given. */
function given<Filter extends object>(filter: { [Name in keyof Filter]: Filter[Name] | undefined }): Partial<Filter> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Partial<Filter> // members keep their types
}

const pageOf = ({ page, page_size }: GivenQuery, checks: ArgumentChecks): PageRequest =>
  checks.numberedPage(one(page), one(page_size))

/** What `GET /api/clients` asks for. */
export function selectClients(query: GivenQuery, checks: ArgumentChecks): { filter: ClientFilter; page: PageRequest } {
  const { id, user_id, name, is_blocked } = query
  const isBlocked = checks.boolean('is_blocked', one(is_blocked))
  return {
    filter: given<ClientFilter>({ id: one(id), userId: one(user_id), nameContains: one(name), isBlocked }),
    page: pageOf(query, checks),
  }
}

/** What `GET /api/clients/{id}/connections` asks for. */
export function selectConnections(
  query: GivenQuery,
  checks: ArgumentChecks,
): { filter: ConnectionFilter; page: PageRequest } {
  const { consumer_id, redirect_uri } = query
  return {
    filter: given<ConnectionFilter>({ consumerId: one(consumer_id), redirectUriContains: one(redirect_uri) }),
    page: pageOf(query, checks),
  }
}
