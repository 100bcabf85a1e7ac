import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { goes } from './support/looks.ts'
import { newUri } from './support/new-uri.ts'
import { connectionPath } from './support/person.ts'

// The console is closed: no other origin, no inline code, no frame. `useConsole` fails on each complaint of a page.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
]

describe.skipIf(isWithoutBrowser())('the console', patience, () => {
  const at = useConsole({ GRAPHQL_DOCUMENTS: 'persisted' })
  let stranger: Server
  beforeAll(async () => {
    stranger = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<title>A page of another origin</title><iframe src="${at.url}/console/clients"></iframe>`)
    })
    await new Promise<void>((listening) => stranger.listen(0, '127.0.0.1', listening))
  })
  afterAll(() => void stranger?.close())

  test('shows every screen to a newcomer, who changes a redirect URI, without one complaint', async () => {
    const person = await at.newcomer()
    const { page, say } = person
    const asked = new Set<string>()
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    const start = performance.now()
    await person.signsIn()
    await page.locator('tbody tr').first().waitFor()
    const listed = performance.now()
    await page.getByRole('link', { name: 'Клініка «Борис»' }).click()
    await page.getByRole('link', { name: 'МІС «Медсестра»' }).click()
    await person.field.fill(newUri('newcomer'))
    await person.saves()
    await person.button('console.undo').waitFor()
    const changed = performance.now()
    for (const path of [
      '/console/connections',
      `/console/connections?consumer=${demo.mis.clientId}`,
      '/console/me',
      '/console/no',
    ]) {
      await goes(person, at.url, path)
    }
    await person.button('console.signOut').click()
    await page.waitForURL(/oidc\/session\/end/)
    await page.locator('button').first().click()
    await page.getByRole('heading', { name: say('console.signedOut') }).waitFor()
    expect([...asked]).toEqual([at.url])
    expect(await page.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage)])).toEqual([
      ['console.language'],
      [],
    ])
    process.stdout.write(
      `Walk of a newcomer: list after ${Math.round(listed - start)} ms, changed after ${Math.round(changed - start)} ms.\n`,
    )
  })

  test('answers the content security policy without an exception', async () => {
    for (const path of ['/console/', connectionPath(key)]) {
      const { headers } = await fetch(at.url + path)
      const directives = (headers.get('content-security-policy') ?? '').split(/;\s*/).filter(Boolean)
      const connect = directives.find((directive) => directive.startsWith('connect-src '))
      expect(directives.filter((directive) => directive !== connect)).toEqual(policy)
      expect(connect?.split(' ').filter((source) => source !== at.url)).toEqual(['connect-src', "'self'"])
    }
  })

  test('works though the gateway runs no text of a query and no introspection', async () => {
    const response = await fetch(`${at.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await at.token()}` },
      body: JSON.stringify({ query: '{ __schema { types { name } } }' }),
    })
    expect(await response.text()).not.toContain('ClientConnection')
    const person = await at.person()
    await person.opensConnection(key)
  })

  test('cannot be framed by a page of another origin', async () => {
    const page = await at.browser.newPage()
    const refused = page.waitForEvent('console', { predicate: (message) => /frame-ancestors/.test(message.text()) })
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`)
    await refused
    expect(await page.frameLocator('iframe').locator('#console').count()).toBe(0)
    await page.close()
  })

  test('takes no injected markup and no injected script', async () => {
    const person = await at.person()
    const accepted = await person.page.evaluate(() => {
      const attempts: Readonly<Record<string, () => void>> = {
        'an inline handler': () => document.createElement('img').setAttribute('onerror', 'location = "/"'),
        'markup in the document': () => document.body.insertAdjacentHTML('beforeend', '<b>injected</b>'),
        'the address of a script': () => Object.assign(document.createElement('script'), { src: '/console/a.js' }),
        'the text of a script': () => Object.assign(document.createElement('script'), { text: 'location = "/"' }),
      }
      const succeeds = (attempt: () => void) => {
        try {
          attempt()
          return true
        } catch {
          return false
        }
      }
      return Object.keys(attempts).filter((name) => attempts[name] !== undefined && succeeds(attempts[name]))
    })
    expect(accepted).toEqual([])
    // The browser reports each attempt twice, which is the purpose here: on its console, and as an event.
    const reports: string[] = []
    await expect.poll(() => reports.push(...at.takeComplaints())).toBe(8)
    for (const report of reports) expect(report).toMatch(/requires 'Trusted\w+' assignment|require-trusted-types-for/)
  })
})
