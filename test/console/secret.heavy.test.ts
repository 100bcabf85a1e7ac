import { beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import type { Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'
import { expectNoTrace, tracesOf } from './support/traces.ts'

// A new secret and a deletion stop sign-in at once, so the console asks for the host first.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }

describe.skipIf(isWithoutBrowser())('a person who stops the sign-in of a consumer', patience, () => {
  const at = useConsole()
  const stored = storedConnection(() => at.database, key)
  let person: Person
  let apiKey: string
  beforeAll(async () => {
    person = await at.person({ permissions: ['clipboard-write'] })
    const [own] = await at.database.query<{ secret: string }>(
      `SELECT own.secret FROM connections own JOIN connections one ON one.consumer_id = own.consumer_id
        WHERE one.id = $1 AND own.client_id = own.consumer_id`,
      [key.connectionId],
    )
    apiKey = own?.secret ?? ''
    await person.opensConnection(key)
  })

  const host = () => person.dialog.getByRole('textbox').first()
  const keyField = () => person.dialog.locator('input[type=password]')
  const live = () => person.page.getByRole('status').last()

  async function opensSecretDialog(): Promise<void> {
    // A second try of a test begins without the dialog of the first.
    await person.opensConnection(key)
    await person.button('console.secret.title').click()
    await person.dialog.waitFor()
  }

  test('gets no new secret for a wrong host, and none without the key of the consumer', async () => {
    const before = await stored.secret()
    const sent = person.writes.length
    await opensSecretDialog()
    await host().fill('medsestra.example')
    await keyField().fill(apiKey)
    await keyField().press('Enter')
    await live()
      .filter({ hasText: person.say('console.secret.incomplete') })
      .waitFor()
    await host().fill('borys.medsestra.example')
    await keyField().fill('')
    await person.dialog.locator('button[type=submit]').click({ force: true })
    expect(person.writes.slice(sent)).toEqual([])
    await keyField().fill('a key of nobody, long enough')
    await keyField().press('Enter')
    await person.dialog.getByText(person.say('console.secret.apiKey.refused')).waitFor()
    await expect.poll(() => keyField().inputValue()).toBe('')
    expect(await stored.secret()).toBe(before)
    // The browser itself writes a line about the refusal.
    const complaints: string[] = []
    await expect.poll(() => complaints.push(...at.takeComplaints())).toBe(1)
    expect(complaints).toEqual([expect.stringMatching(/401 .*\/graphql$/)])
    await person.button('console.cancel', person.dialog).click()
    await expect.poll(person.focus).toContain(person.say('console.secret.title'))
  })

  test('gets one new secret by a double click, masked, to show and to copy', async () => {
    const sent = person.writes.length
    const refreshes = async () =>
      (await stored.changes()).filter(({ kind, door }) => kind === 'SECRET_REFRESHED' && door === 'GRAPHQL').length
    const before = await refreshes()
    await opensSecretDialog()
    await host().fill('borys.medsestra.example')
    await keyField().fill(apiKey)
    await person.dialog.locator('button[type=submit]').dblclick()
    const field = person.dialog.getByLabel(person.say('console.secret.title'), { exact: true })
    await field.waitFor()
    const secret = (await stored.secret()) ?? ''
    expect(person.writes.slice(sent)).toEqual(['RefreshClientConnectionSecret'])
    expect(await refreshes()).toBe(before + 1)
    expect(await field.getAttribute('type')).toBe('password')
    expect(await field.inputValue()).toBe(secret)
    await person.button('console.secret.show', person.dialog).click()
    await expect.poll(() => field.getAttribute('type')).toBe('text')
    await person.button('console.copy', person.dialog).click()
    await live()
      .filter({ hasText: person.say('console.copied') })
      .waitFor()
    const editor = await person.page.context().newPage()
    await editor.setContent('<textarea></textarea>')
    await editor.locator('textarea').press('ControlOrMeta+V')
    await expect.poll(() => editor.locator('textarea').inputValue()).toBe(secret)
    await editor.close()
    // The search must be able to find it as long as it is there.
    const { values, heap } = await tracesOf(person.page, secret)
    expect(values).toBe(1)
    expect(heap).toBeGreaterThan(0)
  })

  test('leaves the secret and the key nowhere after the dialog is closed', async () => {
    const secret = (await stored.secret()) ?? ''
    if ((await person.dialog.count()) > 0) {
      await person.button('console.close', person.dialog).click()
      await person.dialog.waitFor({ state: 'detached' })
      await expect.poll(person.focus).not.toBe('body')
    }
    await person.page
      .getByRole('link', { name: person.say('console.clients') })
      .first()
      .click()
    await person.page.locator('tbody tr').first().waitFor()
    await expectNoTrace(person.page, secret)
    await expectNoTrace(person.page, apiKey)
    await person.page.goBack()
    await person.field.waitFor()
    await expectNoTrace(person.page, secret)
    process.stdout.write('Secret: 0 traces in document, storage, history, performance entries and heap.\n')
  })

  test('does not find the secret after Back from another site, where the back-forward cache had the page', async () => {
    await opensSecretDialog()
    await host().fill('borys.medsestra.example')
    await keyField().fill(apiKey)
    await keyField().press('Enter')
    await person.dialog.getByLabel(person.say('console.secret.title'), { exact: true }).waitFor()
    const secret = (await stored.secret()) ?? ''
    await person.page.goto(`${at.url}/health/live`)
    await person.page.goBack()
    await person.field.waitFor()
    await expect.poll(() => person.dialog.count()).toBe(0)
    await expectNoTrace(person.page, secret)
  })

  test('cannot delete by a wrong host, and deletes once by Enter and Enter', async () => {
    await person.opensConnection(key)
    const sent = person.writes.length
    await person.button('console.delete.title').click()
    await host().fill('borys.medsestra.exampl')
    await host().press('Enter')
    await live()
      .filter({ hasText: person.say('console.typeHost.differs') })
      .waitFor()
    await person.dialog.locator('button[type=submit]').click({ force: true })
    expect(person.writes).toHaveLength(sent)
    expect(await stored.redirectUri()).toBeDefined()

    await host().fill('borys.medsestra.example')
    await host().press('Enter')
    await host()
      .press('Enter', { timeout: 500 })
      .catch(() => {})
    await person.page.waitForURL(/\/clients\/[^/]+$/)
    await expect.poll(stored.redirectUri).toBeUndefined()
    expect(person.writes.slice(sent)).toEqual(['DeleteClientConnection'])
    expect((await stored.changes()).at(-1)).toMatchObject({ kind: 'DELETED', door: 'GRAPHQL' })
    await expect.poll(() => person.heading.evaluate((element) => element === document.activeElement)).toBe(true)
  })
})
