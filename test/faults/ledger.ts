import type { Answer } from './caller.ts'

export type Door = 'GRAPHQL' | 'REST'

/** One request, and what became of it. Times are milliseconds of `performance.now()`. */
export interface Attempt {
  readonly kind: 'write' | 'read' | 'bad'
  readonly door: Door
  /** Which gateway, where there are two. */
  readonly gateway: number
  /** For a person who reads what went wrong. */
  readonly what: string
  /** The value that it would store; no other attempt has the same. */
  readonly uri: string | null
  readonly connectionId: string | null
  /** What it may be answered, beside 503. */
  readonly expected: readonly number[]
  readonly startedAt: number
  readonly endedAt: number
  /** The status, that of the operation over GraphQL, or the code of what broke. */
  readonly outcome: number | string
  readonly retryAfter: string | undefined
  /** The value that the answer shows. */
  readonly shown: string | null
}

/** Everything that callers have done, in the order of the answers. */
export type Ledger = Attempt[]

export const acknowledged = ({ kind, outcome }: Attempt) => kind === 'write' && outcome === 200

type Bag = Readonly<Record<string, unknown>>
const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {}) // any object can be looked into

/** The status that an answer means, and the redirect URI that it shows. GraphQL tells outcomes in an HTTP 200. */
export function readAnswer(door: Door, answer: Answer): Pick<Attempt, 'outcome' | 'retryAfter' | 'shown'> {
  if (answer.kind === 'broken') return { outcome: answer.code, retryAfter: undefined, shown: null }
  const { status, retryAfter } = answer
  const body = bag(answer.body)
  if (door === 'REST') return { outcome: status, retryAfter, shown: textOf(bag(body['data'])['redirect_uri']) }
  const [error] = Array.isArray(body['errors']) ? (body['errors'] as unknown[]) : [] // an array may hold anything
  if (error !== undefined)
    return { outcome: Number(bag(bag(error)['extensions'])['status'] ?? status), retryAfter, shown: null }
  const [field] = Object.values(bag(body['data']))
  const connection = bag(bag(field)['clientConnection'] ?? field)
  return { outcome: status, retryAfter, shown: textOf(connection['redirectUri']) }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null)
