import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed } from '../../prisma/seed.ts'
import { demo } from '../../prisma/seed-data.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { findProgram, isMissing } from '../support/programs.ts'
import { recordedLog } from '../support/recordings.ts'

// GraphiQL as a person meets it on the first day: a real browser, the demo data, tokens of the development issuer.

let database: TestDatabase
let dataDir: string
let gateway: Gateway
let url: string
beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database.url)
  dataDir = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-graphiql-'))
  const config = parseConfig({ DATABASE_URL: database.url, DATA_DIR: dataDir, PORT: '0' })
  gateway = await openGateway(config, recordedLog([]))
  await gateway.listen()
  url = `http://127.0.0.1:${(gateway.app.server.address() as AddressInfo).port}` // TCP, so it is no path
}, 120_000)
afterAll(async () => {
  await gateway?.close()
  await database?.drop()
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true })
})

describe('the page', () => {
  const load = (path: string, headers: Record<string, string> = {}) => gateway.app.inject({ url: path, headers })
  const html = () => load('/graphql', { accept: 'text/html', host: '127.0.0.1:4000' })

  test('the page is small, is not cached, and holds no inline script', async () => {
    const page = await html()
    expect(page.body.length).toBeLessThan(40_000)
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.headers['content-security-policy']).not.toMatch(/script-src[^;]*'unsafe-inline'/)
    expect(page.body).toContain('Bearer ey')
  })

  test('browsers cache the script and the style sheet for ever, and get them compressed', async () => {
    const { body } = await html()
    const files = [...body.matchAll(/(?:src|href)="(\/graphql\/[^"]+)"/g)].map(([, path = '']) => path)
    expect(files.map((path) => path.replace(/-[\da-f]{16}\./, '.'))).toEqual([
      '/graphql/graphiql.css',
      '/graphql/graphiql.js',
    ])
    for (const path of files) {
      const [packed, plain] = [await load(path, { 'accept-encoding': 'gzip, deflate' }), await load(path)]
      expect(packed.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'content-encoding': 'gzip',
        vary: 'accept-encoding',
      })
      expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 1.5)
      expect(gunzipSync(packed.rawPayload).equals(plain.rawPayload)).toBe(true)
    }
  })

  test('the page has no other file', async () => {
    for (const path of [
      '/graphql/graphiql.js',
      '/graphql/graphiql-0000000000000000.js',
      '/graphql/x',
      '/graphql/constructor',
    ])
      expect([path, (await load(path)).statusCode]).toEqual([path, 404])
  })
})

describe.skipIf(isMissing('chromium'))('in Chromium', () => {
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: findProgram('chromium') ?? 'chromium', args: ['--no-sandbox'] })
    page = await browser.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    await page.goto(`${url}/graphql`)
    await page.locator('.graphiql-tab').first().waitFor({ timeout: 60_000 })
  }, 120_000)
  afterAll(() => browser?.close())

  const changes = async () => (await database.query('SELECT id FROM connection_changes')).length
  /** GraphiQL loses a click that comes while its editor still takes over the tab's text: then no request is sent. */
  const run = async () => {
    for (let attempt = 1; attempt <= 4; attempt++) {
      const answered = page
        .waitForResponse((response) => response.request().method() === 'POST', { timeout: 10_000 })
        .catch(() => null)
      await page.locator('button.graphiql-execute-button').click()
      const response = await answered
      if (response !== null) return response.json()
    }
    throw new Error('Run sent no request')
  }
  const open = async (name: string) => {
    await page.locator('.graphiql-tab', { hasText: name }).locator('button').first().click()
    await expect.poll(() => page.locator('.graphiql-tab-active').innerText(), { timeout: 30_000 }).toContain(name)
  }

  test('a first visit opens with a query: Run changes nothing', { timeout: 120_000 }, async () => {
    const before = await changes()
    expect(await run()).toMatchObject({ data: { viewer: { clientId: demo.msp.clientId } } })
    expect(await changes()).toBe(before)
  })

  test('each tab opens by one click and runs what it shows', { timeout: 180_000 }, async () => {
    const tabs = [
      'Clients',
      'ConnectionHistory',
      'RedirectUriCheck',
      'UpdateClientConnection',
      'RevertClientConnection',
    ]
    for (const name of tabs) {
      await open(name)
      const answer = await run()
      expect([name, answer.errors]).toEqual([name, undefined])
      expect([name, Object.values(answer.data)]).toEqual([name, [expect.any(Object)]])
    }
    await open('Viewer')
    expect(await run()).toMatchObject({ data: { viewer: { clientId: demo.msp.clientId } } })
  })

  test('a second visit loads neither script nor style sheet again', { timeout: 120_000 }, async () => {
    const sizes: [string, number][] = []
    page.on('requestfinished', async (request) => {
      if (/graphiql-/.test(request.url())) sizes.push([request.url(), (await request.sizes()).responseBodySize])
    })
    await page.reload()
    await page.locator('.graphiql-tab').first().waitFor({ timeout: 60_000 })
    expect(sizes.filter(([, size]) => size > 0)).toEqual([])
  })

  test('nothing is refused by the policy of the page, and no script fails', () => {
    expect(complaints).toEqual([])
  })
})
