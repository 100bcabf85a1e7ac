import { Agent, request } from 'node:http'

/** What became of a request: an answer, or the code of what broke. */
export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: unknown
      readonly retryAfter: string | undefined
    }
  | { readonly kind: 'broken'; readonly code: string }

export interface Question {
  readonly method: 'GET' | 'PATCH' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Longer than any answer may take: a request that runs into it has failed the check of that. */
const givenUpAfterMs = 15_000

/** Sends requests on kept-alive connections, and repeats none. */
export interface Caller {
  ask(question: Question): Promise<Answer>
  close(): void
}

export function createCaller(): Caller {
  const agent = new Agent({ keepAlive: true })
  return {
    ask: ({ method, url, headers, body = '' }) =>
      new Promise((resolve) => {
        const sent = request(url, {
          method,
          agent,
          headers: {
            ...headers,
            ...(body !== '' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          },
        })
        const giveUp = setTimeout(() => sent.destroy(Object.assign(new Error(), { code: 'NO_ANSWER' })), givenUpAfterMs)
        const broken = (error: NodeJS.ErrnoException) => {
          clearTimeout(giveUp)
          resolve({ kind: 'broken', code: error.code ?? error.message })
        }
        sent.on('error', broken)
        sent.on('response', (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.on('error', broken)
          response.on('end', () => {
            clearTimeout(giveUp)
            resolve({
              kind: 'answered',
              status: response.statusCode ?? 0,
              body: parse(text),
              retryAfter: response.headers['retry-after'],
            })
          })
        })
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
