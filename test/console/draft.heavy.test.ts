import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, useConsole } from './support/console.ts'
import { connectionPath, type Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'

// Nothing that a person types is lost.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
const site = 'https://borys.medsestra.example'
/** The gateway accepts a token 30 seconds longer than its second. */
const untilExpiry = 32_000

describe.skipIf(isWithoutBrowser())('a person who types for a long time', { timeout: 120_000 }, () => {
  const at = useConsole({ DEVELOPMENT_TOKEN_SECONDS: '1' })
  const stored = storedConnection(() => at.database, key)

  async function typing(value: string): Promise<Person> {
    const person = await at.person()
    await person.opensConnection(key)
    await person.field.fill(value)
    return person
  }

  /** What the browser keeps of the console. The issuer's own cookies are left out. */
  const kept = async ({ page }: Person) => ({
    cookies: (await page.context().cookies()).filter(({ name }) => !name.startsWith('oidc_')),
    ...(await page.evaluate(async () => ({
      local: { ...localStorage },
      session: Object.keys(sessionStorage).sort(),
      databases: await indexedDB.databases(),
    }))),
  })

  test('saves by one click after the token has expired, with or without a new sign-in', async () => {
    const [oksana, dmytro] = await Promise.all([typing(`${site}/silent`), typing(`${site}/by-hand`)])
    await delay(untilExpiry)

    // The issuer knows Oksana still: the console fetches a new token without a page.
    await oksana.saves()
    await oksana.page.waitForURL(/\/oidc\/|callback/, { waitUntil: 'commit' }).catch(() => {})
    await oksana.page.getByText(oksana.say('console.editor.restored')).waitFor()
    expect(new URL(oksana.page.url()).pathname).toBe(connectionPath(key))
    expect(await oksana.field.inputValue()).toBe(`${site}/silent`)
    expect(await stored.redirectUri()).not.toBe(`${site}/silent`)
    await oksana.saves()
    await expect.poll(stored.redirectUri).toBe(`${site}/silent`)

    // The issuer has forgotten the other person, who must sign in by hand.
    await dmytro.page.context().clearCookies()
    await dmytro.saves()
    await dmytro.signsInAtIssuer()
    await dmytro.page.getByText(dmytro.say('console.editor.restored')).waitFor()
    expect(new URL(dmytro.page.url()).pathname).toBe(connectionPath(key))
    expect(await dmytro.field.inputValue()).toBe(`${site}/by-hand`)
    // Oksana has saved meanwhile, and the draft knows the version that its author saw.
    await dmytro.saves()
    await dmytro.dialog.waitFor()
    await dmytro.button('console.conflict.putMine', dmytro.dialog).click()
    await expect.poll(stored.redirectUri).toBe(`${site}/by-hand`)

    const complaints = at.takeComplaints()
    expect(complaints).toHaveLength(2)
    for (const complaint of complaints) expect(complaint).toMatch(/401 .*\/graphql$/)
    await Promise.all([oksana.leaves(), dmytro.leaves()])
  })

  test('keeps what is typed while a save or a put-back is on its way, and saves it next', async () => {
    const person = await at.person()
    await person.opensConnection(key)
    const former = (await stored.redirectUri()) ?? ''

    /** Types while a write is on its way, and expects the text after the page shows what the write has stored. */
    async function typesDuring(write: () => Promise<void>, { storing, typed }: { storing: string; typed: string }) {
      const answers = await person.holdsAnswers()
      await write()
      await expect.poll(stored.redirectUri).toBe(storing)
      await person.field.fill(typed)
      await answers.arrive()
      await person.page.locator('p.current', { hasText: storing }).waitFor()
      expect(await person.field.inputValue()).toBe(typed)
    }
    await person.field.fill(`${site}/sent`)
    await typesDuring(() => person.saves(), { storing: `${site}/sent`, typed: `${site}/typed-during-save` })
    await typesDuring(() => person.button('console.undo').click(), {
      storing: former,
      typed: `${site}/typed-during-undo`,
    })
    await person.saves()
    await expect.poll(stored.redirectUri).toBe(`${site}/typed-during-undo`)
    await person.leaves()
  })

  test('finds the text again after a reload, which the browser asks about', async () => {
    const person = await typing(`${site}/rel`)
    const questions: string[] = []
    person.page.on('dialog', async (dialog) => {
      questions.push(dialog.type())
      await dialog.accept()
    })
    await person.field.press('End')
    await person.page.keyboard.type('oaded')
    await person.page.reload()
    await person.page.getByText(person.say('console.editor.restored')).waitFor()
    expect(questions).toEqual(['beforeunload'])
    expect(await person.field.inputValue()).toBe(`${site}/reloaded`)
    await person.leaves()
  })

  test('keeps the text while the language changes', async () => {
    const person = await typing(`${site}/language`)
    await person.page.getByRole('button', { name: 'EN English' }).click()
    await expect.poll(() => person.page.evaluate(() => document.documentElement.lang)).toBe('en')
    const field = person.page.getByLabel('New redirect URI', { exact: true })
    expect(await field.inputValue()).toBe(`${site}/language`)
    await person.page.getByRole('button', { name: /^UK/ }).click()
    await expect.poll(() => person.page.evaluate(() => document.documentElement.lang)).toBe('uk')
    expect(await person.field.inputValue()).toBe(`${site}/language`)
    await person.leaves()
  })

  test('is asked before a link or Back leaves the text, and finds it again either way', async () => {
    const person = await at.person()
    await person.page.getByRole('link', { name: 'Клініка «Борис»' }).click()
    await person.page.locator(`th a[href="${connectionPath(key)}"]`).click()
    await person.field.fill(`${site}/guarded`)
    await person.page
      .getByRole('link', { name: person.say('console.clients') })
      .first()
      .click()
    await person.dialog.waitFor()
    await person.button('console.leave.stay', person.dialog).click()
    await person.dialog.waitFor({ state: 'detached' })
    expect(await person.field.inputValue()).toBe(`${site}/guarded`)
    expect(await person.focus()).not.toBe('body')

    await person.page.evaluate(() => history.back())
    await person.dialog.waitFor()
    await person.button('console.leave.leave', person.dialog).click()
    await person.page.waitForURL(/\/clients\/[^/]+$/)
    await person.page.locator(`th a[href="${connectionPath(key)}"]`).click()
    await person.page.getByText(person.say('console.editor.restored')).waitFor()
    expect(await person.field.inputValue()).toBe(`${site}/guarded`)
    await person.leaves()
  })

  test('leaves the draft and the language in this tab only, and no token anywhere', async () => {
    const person = await at.newcomer()
    let token = ''
    person.page.on('request', (request) => {
      token = request.headers()['authorization']?.replace('Bearer ', '') ?? token
    })
    await person.signsIn(connectionPath(key))
    await person.field.fill(`${site}/kept`)
    const draft = `console.draft.${key.clientId}.${key.connectionId}`
    expect(await kept(person)).toEqual({ cookies: [], local: {}, session: [draft, 'console.language'], databases: [] })
    expect(token.split('.')).toHaveLength(3)
    const everything = await person.page.evaluate(() =>
      JSON.stringify([
        { ...sessionStorage },
        history.state,
        location.href,
        document.documentElement.outerHTML,
        performance.getEntries(),
      ]),
    )
    for (const part of token.split('.').slice(1)) expect(everything).not.toContain(part)
    await person.field.fill(`${site}/kept-not`)
    await person.button('console.editor.cancel').click()
    expect((await kept(person)).session).toEqual(['console.language'])
    await person.leaves()
  })
})
