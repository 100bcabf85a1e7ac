/** What a client sends, as it is told: beside it stands what the client adds by itself. */
export interface ClientRequest {
  readonly method: 'GET' | 'HEAD' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a program of ours saw; `error` where its client gave no answer. */
export interface Seen {
  readonly status?: number
  readonly etag?: string | null
  readonly error?: string
  readonly body?: unknown
}

/** What of an answer is looked at. `tag` counts the entity tags of this client in the order in which it saw them. */
export interface Outcome {
  readonly status: number
  readonly tag?: number
  readonly redirectUri?: string
  readonly error?: string
}

/** A medical information system, and what it knows so far. */
export interface Progress {
  readonly token: string
  readonly apiKey: string
  readonly clientId: string
  readonly consumerId: string
  readonly foreignClientId: string
  /** As the list had it. */
  connectionId: string
  /** Entity tags in the order in which they were seen, the quotes included. */
  readonly tags: string[]
}

export interface Step {
  readonly name: string
  readonly title: string
  request(progress: Progress): ClientRequest
  readonly expected: Outcome
  /** The client may get no answer: the connection ends without one. */
  readonly mayFail?: true
  /** The row of the history, if the step writes one. */
  readonly writes?: 'UPDATED' | 'SECRET_REFRESHED' | 'DELETED'
  /** Left out where the client cannot change anything. */
  readonly afterChange?: true
}

export const redirectUris = {
  before: 'https://before.example.ua/callback',
  changed: 'https://mis.example.ua/changed',
  other: 'https://mis.example.ua/other',
  insecure: 'http://mis.example.ua/changed',
  lost: 'https://mis.example.ua/lost',
} as const

const auth = ({ token }: Progress) => ({ Authorization: `Bearer ${token}` })
const pathOf = ({ clientId, connectionId }: Progress) => `/api/clients/${clientId}/connections/${connectionId}`
const tagAt = ({ tags }: Progress, number: number) => tags[number - 1] ?? '"none"'

const read = (
  headers: (progress: Progress) => Record<string, string> = () => ({}),
  method: 'GET' | 'HEAD' | 'DELETE' = 'GET',
) => {
  return (progress: Progress): ClientRequest => ({
    method,
    path: pathOf(progress),
    headers: { ...auth(progress), ...headers(progress) },
  })
}

/** A PATCH on condition of a tag, the first that was seen being number 1. */
const change = (redirectUri: string, number: number) => {
  return (progress: Progress): ClientRequest => ({
    method: 'PATCH',
    path: pathOf(progress),
    headers: { ...auth(progress), 'Content-Type': 'application/json', 'If-Match': tagAt(progress, number) },
    body: JSON.stringify({ redirect_uri: redirectUri }),
  })
}

const { before, changed, other, insecure, lost } = redirectUris

/** The five minutes of a medical information system: one table for every client. */
export const steps: readonly Step[] = [
  {
    name: 'list',
    title: 'lists the connections that it uses',
    request: (progress) => ({
      method: 'GET',
      path: `/api/clients/${progress.clientId}/connections?consumer_id=${progress.consumerId}`,
      headers: auth(progress),
    }),
    expected: { status: 200, redirectUri: before },
  },
  {
    name: 'details',
    title: 'reads one, with its ETag',
    request: read(),
    expected: { status: 200, tag: 1, redirectUri: before },
  },
  {
    name: 'head',
    title: 'asks for the head only',
    request: read(() => ({}), 'HEAD'),
    expected: { status: 200, tag: 1 },
  },
  {
    name: 'accept',
    title: 'accepts `application/json; charset=utf-8`',
    request: read(() => ({ Accept: 'application/json; charset=utf-8' })),
    expected: { status: 200, tag: 1, redirectUri: before },
  },
  {
    name: 'slash',
    title: 'ends the path with a slash',
    request: (progress) => ({ ...read()(progress), path: `${pathOf(progress)}/` }),
    expected: { status: 200, tag: 1, redirectUri: before },
  },
  {
    name: 'upper',
    title: 'writes the UUIDs in upper case',
    request: ({ clientId, connectionId, ...progress }) =>
      read()({ ...progress, clientId: clientId.toUpperCase(), connectionId: connectionId.toUpperCase() }),
    expected: { status: 200, tag: 1, redirectUri: before },
  },
  {
    name: 'change',
    title: 'changes the redirect URI with `If-Match`',
    request: change(changed, 1),
    expected: { status: 200, tag: 2, redirectUri: changed },
    writes: 'UPDATED',
  },
  {
    name: 'verify',
    title: 'verifies it with `If-None-Match` of the old tag',
    request: read((progress) => ({ 'If-None-Match': tagAt(progress, 1) })),
    expected: { status: 200, tag: 2, redirectUri: changed },
    afterChange: true,
  },
  {
    name: 'unchanged',
    title: 'is told 304 with `If-None-Match` of the new tag',
    request: read((progress) => ({ 'If-None-Match': tagAt(progress, 2) })),
    expected: { status: 304, tag: 2 },
    afterChange: true,
  },
  {
    name: 'repeat',
    title: 'sends the same change with the old tag again',
    request: change(changed, 1),
    expected: { status: 200, tag: 2, redirectUri: changed },
    afterChange: true,
  },
  {
    name: 'stale',
    title: 'is refused another change with the old tag',
    request: change(other, 1),
    expected: { status: 412, tag: 2, error: 'request_conflict' },
    afterChange: true,
  },
  {
    name: 'unquoted',
    title: 'is refused a tag that lost its quotes',
    request: (progress) => {
      const request = change(other, 1)(progress)
      return { ...request, headers: { ...request.headers, 'If-Match': tagAt(progress, 1).replaceAll('"', '') } }
    },
    expected: { status: 400, error: 'request_malformed' },
    afterChange: true,
  },
  {
    name: 'invalid',
    title: 'is refused a value without https',
    request: change(insecure, 2),
    expected: { status: 422, error: 'validation_failed' },
    afterChange: true,
  },
  {
    name: 'no_token',
    title: 'is refused without a token',
    request: (progress) => {
      const { Authorization, ...headers } = change(other, 2)(progress).headers
      return { ...change(other, 2)(progress), headers }
    },
    expected: { status: 401, error: 'access_denied' },
    afterChange: true,
  },
  {
    name: 'foreign',
    title: 'is refused the connections of another client',
    request: (progress) => ({
      method: 'GET',
      path: `/api/clients/${progress.foreignClientId}/connections`,
      headers: auth(progress),
    }),
    expected: { status: 403, error: 'forbidden' },
  },
  {
    name: 'lost',
    title: 'changes it again, and the connection ends without the answer',
    request: change(lost, 2),
    expected: { status: 200, tag: 3, redirectUri: lost },
    mayFail: true,
    writes: 'UPDATED',
    afterChange: true,
  },
  {
    name: 'again',
    title: 'sends that change once more',
    request: change(lost, 2),
    expected: { status: 200, tag: 3, redirectUri: lost },
    afterChange: true,
  },
  {
    name: 'refresh',
    title: 'gets a new secret, with an empty PATCH',
    request: (progress) => ({
      method: 'PATCH',
      path: `${pathOf(progress)}/actions/refresh_secret`,
      headers: { ...auth(progress), 'API-key': progress.apiKey },
    }),
    expected: { status: 200, tag: 4, redirectUri: lost },
    writes: 'SECRET_REFRESHED',
    afterChange: true,
  },
  {
    name: 'delete',
    title: 'deletes the connection',
    request: read(() => ({}), 'DELETE'),
    expected: { status: 204 },
    writes: 'DELETED',
  },
  { name: 'gone', title: 'does not find it any more', request: read(), expected: { status: 404, error: 'not_found' } },
]
