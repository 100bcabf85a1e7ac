import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed } from '../../prisma/seed.ts'
import { demo } from '../../prisma/seed-data.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { findProgram, isMissing } from '../support/programs.ts'
import { recordedLog } from '../support/recordings.ts'

// The first five minutes of a person of the front office, in a real browser.

let database: TestDatabase
let dataDir: string
let gateway: Gateway
let url: string
let browser: Browser
let page: Page
const complaints: string[] = []

describe.skipIf(isMissing('chromium'))('a person of the front office', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    database = await createTestDatabase()
    await seed(database.url)
    dataDir = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-console-'))
    const environment = { DATABASE_URL: database.url, DATA_DIR: dataDir, PORT: '0', GRAPHQL_DOCUMENTS: 'persisted' }
    gateway = await openGateway(parseConfig(environment), recordedLog([]))
    await gateway.listen()
    url = `http://127.0.0.1:${(gateway.app.server.address() as AddressInfo).port}` // TCP, so it is no path
    browser = await chromium.launch({ executablePath: findProgram('chromium') ?? 'chromium', args: ['--no-sandbox'] })
    page = await browser.newPage({ locale: 'uk-UA' })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('request', (request) => new URL(request.url()).origin !== url && complaints.push(request.url()))
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await gateway?.close()
    await database?.drop()
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true })
  })

  const heading = () => page.getByRole('heading', { level: 1 })
  const field = () => page.getByLabel('Нове посилання перенаправлення', { exact: true })
  const stored = () => database.query('SELECT redirect_uri FROM connections WHERE id = $1', [demo.changed.connectionId])
  const audit = () =>
    database.query(
      `SELECT kind, redirect_uri_before AS before, redirect_uri_after AS after FROM connection_changes
        WHERE connection_id = $1 ORDER BY id DESC LIMIT 2`,
      [demo.changed.connectionId],
    )

  test('signs in and sees the clients', async () => {
    await page.goto(`${url}/console/`)
    await page.getByRole('button', { name: /Оксана/ }).click()
    await heading().filter({ hasText: 'Клієнти' }).waitFor()
    await expect.poll(() => page.locator('tbody tr').count(), { timeout: 10_000 }).toBe(25)
  })

  test('finds a client by a part of its name, and opens the connection', async () => {
    await page.getByLabel('Назва або UUID').fill('БОРИС')
    await page.waitForURL(/q=/)
    await page.getByRole('link', { name: 'Клініка «Борис»' }).click()
    await page.getByRole('link', { name: 'МІС «Медсестра»' }).click()
    await heading().filter({ hasText: 'МІС «Медсестра»' }).waitFor()
    expect(await heading().evaluate((element) => element === document.activeElement)).toBe(true)
  })

  let before: string
  test('types another host, is told so, confirms it and saves', async () => {
    before = await field().inputValue()
    await field().fill('https://medsestra.example/oauth/callback')
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Зберегти, хоча хост змінюється' }).click()
    await page.getByText('Посилання перенаправлення змінено.').first().waitFor()
    expect(await stored()).toEqual([{ redirect_uri: 'https://medsestra.example/oauth/callback' }])
  })

  test('undoes the change by one click', async () => {
    await page.getByRole('button', { name: 'Скасувати зміну' }).click()
    await page.getByText('Попереднє посилання повернуто.').first().waitFor()
    expect(await stored()).toEqual([{ redirect_uri: before }])
    expect(await audit()).toMatchObject([
      { kind: 'REVERTED', after: before },
      { kind: 'UPDATED', before, after: 'https://medsestra.example/oauth/callback' },
    ])
  })

  test('signs out, and nothing is left in the browser', async () => {
    await page.getByRole('button', { name: 'Вийти' }).click()
    await page.waitForURL(/oidc\/session\/end/)
    await page.locator('button').first().click()
    await heading().filter({ hasText: 'Ви вийшли із системи' }).waitFor()
    expect(await page.evaluate(() => ({ ...sessionStorage, ...localStorage }))).toEqual({ 'console.language': 'uk' })
  })

  test('the whole way breaks no policy, asks no other origin and shows no error', () => expect(complaints).toEqual([]))
})
