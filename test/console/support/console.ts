import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { seed } from '../../../prisma/seed.ts'
import { demo } from '../../../prisma/seed-data.ts'
import { openDevelopmentIssuer } from '../../../src/development/issuer.ts'
import { type Locale, openCatalogue } from '../../../src/messages/format.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { patient } from '../../support/patient.ts'
import { findProgram, isMissing } from '../../support/programs.ts'
import { watchPage } from './complaints.ts'
import { type GatewayProcess, startGateway } from './gateway-process.ts'
import { openPerson, type Person } from './person.ts'

const chromiumArguments = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

interface PersonOptions extends BrowserContextOptions {
  /** The word of `src/development/sign-in/people.ts`. The front office of the NHS by default. */
  readonly as?: string
  /** Ukrainian by default. */
  readonly language?: Locale
}

/** Each step of a test has its own end, so this one ends only a test that hangs. */
export const patience = { timeout: 900_000 }

/** A gateway with its database and a browser, for one test file. */
export interface ConsoleUnderTest {
  readonly url: string
  readonly database: TestDatabase
  readonly browser: Browser
  /** A person in a browser context of their own, who is signed in and sees the first screen. A test's context ends with it. */
  person(options?: PersonOptions): Promise<Person>
  /** A person who has opened nothing yet. */
  newcomer(options?: PersonOptions): Promise<Person>
  /** An access token of the development issuer, for a question of the test's own. */
  token(): Promise<string>
  /** Takes the complaints that a test has caused on purpose, so that it does not fail. */
  takeComplaints(): string[]
}

/** Whether the tests in the browser are skipped: Chromium is not installed, and this is not CI. */
export function isWithoutBrowser(): boolean {
  const isSkipped = isMissing('chromium')
  if (isSkipped) process.stdout.write('Skipped: the tests of the console need Chromium (Debian: chromium).\n')
  return isSkipped
}

/**
 * Starts everything before the tests of a file. After each test it fails on every error of the pages' consoles, every
 * report of the content security policy, and every request to another origin.
 */
export function useConsole(environment: Readonly<Record<string, string>> = {}): ConsoleUnderTest {
  const complaints: string[] = []
  let database: TestDatabase
  let gateway: GatewayProcess
  let browser: Browser
  let dataDir: string

  beforeAll(async () => {
    database = await createTestDatabase()
    await seed(database.url)
    dataDir = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-console-'))
    const executablePath = findProgram('chromium') ?? 'chromium'
    ;[gateway, browser] = await Promise.all([
      startGateway({
        DATABASE_URL: database.url,
        DATA_DIR: dataDir,
        GRAPHQL_DOCUMENTS: 'persisted',
        WRITE_LIMIT_PER_MINUTE: '0',
        ...patient,
        ...environment,
      }),
      chromium.launch({ executablePath, args: chromiumArguments, timeout: 120_000 }),
    ])
  })

  /** The contexts of the test that runs. A second try of it finds none of them. */
  let contexts: BrowserContext[] | null = null
  beforeEach(() => {
    contexts = []
  })
  afterEach(async () => {
    for (const context of contexts ?? []) await context.close()
    contexts = null
    expect(complaints.splice(0)).toEqual([])
  })

  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
    await database?.drop()
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true })
  })

  async function newcomer({ as = 'nhs-oksana', language = 'uk', ...options }: PersonOptions = {}): Promise<Person> {
    const context = await browser.newContext({ locale: language === 'uk' ? 'uk-UA' : 'en-GB', ...options })
    context.setDefaultTimeout(30_000)
    contexts?.push(context)
    const page = await context.newPage()
    await watchPage(page, gateway.url, complaints)
    return openPerson(page, { id: as, url: gateway.url, language, say: await openCatalogue(language) })
  }

  return {
    get url() {
      return gateway.url
    },
    get database() {
      return database
    },
    get browser() {
      return browser
    },
    newcomer,
    async person(options) {
      const person = await newcomer(options)
      await person.signsIn()
      return person
    },
    async token() {
      const issuer = await openDevelopmentIssuer(dataDir)
      return issuer.sign({ ...demo.nhs, scope: 'client:read connection:read connection:write' })
    },
    takeComplaints: () => complaints.splice(0),
  }
}
