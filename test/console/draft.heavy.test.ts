import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { type ConsoleUnderTest, isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { newUri } from './support/new-uri.ts'
import { connectionPath, type Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'

// Nothing that a person types is lost.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
const site = 'https://borys.medsestra.example'
/** The gateway accepts a token 30 seconds longer than its second. */
const untilExpiry = 32_000

/** A person at this gateway who has typed a value that is not saved. */
async function typing(at: ConsoleUnderTest, value: string): Promise<Person> {
  const person = await at.person()
  await person.opensConnection(key)
  await person.field.fill(value)
  return person
}

describe.skipIf(isWithoutBrowser())('a person who types longer than the token is valid', patience, () => {
  const at = useConsole({ DEVELOPMENT_TOKEN_SECONDS: '1' })
  const stored = storedConnection(() => at.database, key)

  test('saves by one click after the token has expired, with or without a new sign-in', async () => {
    const [silent, byHand] = [newUri('silent'), newUri('by-hand')]
    const [oksana, dmytro] = await Promise.all([typing(at, silent), typing(at, byHand)])
    await delay(untilExpiry)

    // The issuer knows Oksana still: the console fetches a new token without a page.
    await oksana.saves()
    await oksana.page.getByText(oksana.say('console.editor.restored')).waitFor()
    expect(new URL(oksana.page.url()).pathname).toBe(connectionPath(key))
    expect(await oksana.field.inputValue()).toBe(silent)
    expect(await stored.redirectUri()).not.toBe(silent)
    await oksana.saves()
    await expect.poll(stored.redirectUri).toBe(silent)

    // The issuer has forgotten the other person, who must sign in by hand.
    await dmytro.page.context().clearCookies()
    await dmytro.saves()
    await dmytro.signsInAtIssuer()
    await dmytro.page.getByText(dmytro.say('console.editor.restored')).waitFor()
    expect(new URL(dmytro.page.url()).pathname).toBe(connectionPath(key))
    expect(await dmytro.field.inputValue()).toBe(byHand)
    // Oksana has saved meanwhile, and the draft knows the version that its author saw.
    await dmytro.saves()
    await dmytro.dialog.waitFor()
    await dmytro.button('console.conflict.putMine', dmytro.dialog).click()
    await expect.poll(stored.redirectUri).toBe(byHand)

    const complaints = at.takeComplaints()
    expect(complaints).toHaveLength(2)
    for (const complaint of complaints) expect(complaint).toMatch(/401 .*\/graphql$/)
  })
})

describe.skipIf(isWithoutBrowser())('a person who types for a long time', patience, () => {
  const at = useConsole()
  const stored = storedConnection(() => at.database, key)

  /** What the browser keeps of the console. The issuer's own cookies are left out. */
  const kept = async ({ page }: Person) => ({
    cookies: (await page.context().cookies()).filter(({ name }) => !name.startsWith('oidc_')),
    ...(await page.evaluate(async () => ({
      local: { ...localStorage },
      session: Object.keys(sessionStorage).sort(),
      databases: await indexedDB.databases(),
    }))),
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
    const [sent, duringSave, duringUndo] = [newUri('sent'), newUri('during-save'), newUri('during-undo')]
    await person.field.fill(sent)
    await typesDuring(() => person.saves(), { storing: sent, typed: duringSave })
    await typesDuring(() => person.button('console.undo').click(), { storing: former, typed: duringUndo })
    await person.saves()
    await expect.poll(stored.redirectUri).toBe(duringUndo)
  })

  test('finds the text again after a reload, which the browser asks about', async () => {
    const person = await typing(at, `${site}/rel`)
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
  })

  test('keeps the text while the language changes', async () => {
    const person = await typing(at, `${site}/language`)
    await person.page.getByRole('button', { name: 'EN English' }).click()
    await expect.poll(() => person.page.evaluate(() => document.documentElement.lang)).toBe('en')
    const field = person.page.getByLabel('New redirect URI', { exact: true })
    await expect.poll(() => field.inputValue()).toBe(`${site}/language`)
    await person.page.getByRole('button', { name: /^UK/ }).click()
    await expect.poll(() => person.page.evaluate(() => document.documentElement.lang)).toBe('uk')
    expect(await person.field.inputValue()).toBe(`${site}/language`)
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
    await expect.poll(person.focus).not.toBe('body')

    await person.page.evaluate(() => history.back())
    await person.dialog.waitFor()
    await person.button('console.leave.leave', person.dialog).click()
    await person.page.waitForURL(/\/clients\/[^/]+$/)
    await person.page.locator(`th a[href="${connectionPath(key)}"]`).click()
    await person.page.getByText(person.say('console.editor.restored')).waitFor()
    expect(await person.field.inputValue()).toBe(`${site}/guarded`)
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
    await expect
      .poll(() => kept(person))
      .toEqual({ cookies: [], local: {}, session: [draft, 'console.language'], databases: [] })
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
    await expect.poll(async () => (await kept(person)).session).toEqual(['console.language'])
  })
})
