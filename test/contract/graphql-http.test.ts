import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

let gateway: TestGateway
let token: string
let url: string
beforeAll(async () => {
  gateway = await startTestGateway({ NODE_ENV: 'development' })
  token = gateway.issuer.mint(writer('10000000-0000-4000-8000-000000000001'))
  url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => gateway.close())

/** Audits that are not met, each with the reason. Whatever is not listed here has to be met. */
const exceptions: Record<string, string> = {}

const audits = serverAudits({
  url: () => `${url}/graphql`,
  // The audits know nothing of tokens, and without one nothing is answered but 401.
  fetchFn: (input: string, init: RequestInit = {}) =>
    fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...bearer(token) } }),
})

describe('graphql-http audits the GraphQL door', () => {
  test.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_name, audit) => {
    const result = await audit.fn()
    // `notice` is for what a server MAY do, for example GET; `warn` for SHOULD, `error` for MUST.
    const met = result.status === 'ok' || result.status === 'notice'
    expect({ met, reason: met ? undefined : result.reason }).toEqual(
      exceptions[audit.id] ? { met: false, reason: expect.anything() } : { met: true, reason: undefined },
    )
  })
})
