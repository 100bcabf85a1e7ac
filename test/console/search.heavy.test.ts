import { beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import type { Person } from './support/person.ts'

// The search finds clients as people write their names, and connections of a consumer across clients.

describe.skipIf(isWithoutBrowser())('a person who searches', patience, () => {
  const at = useConsole()
  let person: Person
  beforeAll(async () => {
    person = await at.person()
  })

  const names = () => person.page.locator('main tbody th a').allTextContents()
  const field = () => person.page.getByLabel(person.say('console.search.name'), { exact: true })

  test.each(["здоров'я", 'ЗДОРОВ\u{2019}Я', 'Здоров\u{2bc}я'])(
    'finds a name by any case and apostrophe: %s',
    async (typed) => {
      await person.opens('/console/clients')
      await field().fill(typed)
      await expect.poll(names).toEqual(['МІС «Здоров’я»', 'Національна служба здоров’я України'])
      await expect.poll(() => new URL(person.page.url()).searchParams.get('q')).toBe(typed)
    },
  )

  test('reads what to do if nothing is found', async () => {
    await person.opens('/console/clients')
    await field().fill('немає такого')
    await person.page.getByText(person.say('console.clients.none.text')).waitFor()
    await person.page.getByRole('link', { name: person.say('console.clearSearch') }).click()
    await expect.poll(async () => (await names()).length).toBe(25)
    await expect.poll(person.focus).not.toBe('body')
  })

  test('goes straight to the client whose UUID is pasted, blanks around it or not', async () => {
    await person.opens('/console/clients')
    await field().fill(` ${demo.pharmacy.clientId} `)
    await person.page.waitForURL(`${at.url}/console/clients/${demo.pharmacy.clientId}`)
    await person.heading.filter({ hasText: 'Аптека «Подорожник»' }).waitFor()
  })

  test('lists the blocked clients, and reads the reason on the card of one', async () => {
    await person.opens('/console/clients')
    await person.page.getByLabel(person.say('console.client.state'), { exact: true }).selectOption('yes')
    await person.page.waitForURL(/blocked=yes/)
    await expect.poll(async () => (await names()).length).toBe(5)
    await person.page.getByRole('link', { name: 'Стоматологія «Усмішка»' }).click()
    await person.page.getByText('Ліцензію анульовано').waitFor()
    await person.page.getByText(person.say('console.client.isBlocked')).waitFor()
  })

  test('finds the connections of a consumer by host, across clients', async () => {
    const hosts = await at.database.query<{ host: string }>(
      `SELECT substring(redirect_uri FROM '^https?://([^/:]+)') AS host FROM connections
        WHERE consumer_id = (SELECT consumer_id FROM connections WHERE id = $1)`,
      [demo.changed.connectionId],
    )
    await person.opens('/console/connections')
    await field().fill('Медсестра')
    await person.page.getByRole('link', { name: 'МІС «Медсестра»' }).click()
    await person.page.waitForURL(/consumer=/)
    await person.page.getByText(person.say('console.total', { count: hosts.length })).waitFor()
    await person.page
      .getByLabel(person.say('console.connections.host'), { exact: true })
      .fill('borys.medsestra.example')
    await person.page.waitForURL(/host=borys/)
    await expect.poll(names).toEqual(['Клініка «Борис»'])
    await person.page.getByRole('link', { name: 'Клініка «Борис»' }).click()
    await person.field.waitFor()
    await expect.poll(() => person.field.inputValue()).toContain('https://borys.medsestra.example/')
  })

  test('of a clinic sees its own client only, and reads why there is no more', async () => {
    const clinic = await at.person({ as: 'clinic' })
    await clinic.page.waitForURL(`${at.url}/console/clients/${demo.msp.clientId}`)
    await clinic.heading.filter({ hasText: 'Клініка «Борис»' }).waitFor()
    await clinic.opens('/console/connections')
    await clinic.page.getByText(clinic.say('console.connections.ownOnly')).waitFor()
    await clinic.opens(`/console/clients/${demo.pharmacy.clientId}`)
    await clinic.page.getByRole('alert').getByText(clinic.say('console.failure.FORBIDDEN')).waitFor()
  })

  test('of a MIS reads which permission is missing for a new secret and a deletion', async () => {
    const mis = await at.person({ as: 'mis' })
    await mis.page.locator('main tbody th a').first().click()
    await mis.field.waitFor()
    for (const scope of ['connection:refresh_secret', 'connection:delete'])
      await mis.page.getByText(mis.say('console.needsScope', { scope })).waitFor()
  })
})
