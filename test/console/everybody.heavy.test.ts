import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import type { Locale } from '../../src/messages/format.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { goes, lookAt, sidewaysOf } from './support/looks.ts'
import { connectionPath, type Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'

// The console is for everybody: WCAG 2.2 AA, by the keyboard alone, on narrow screens, in two languages.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
const site = 'https://borys.medsestra.example'
describe.skipIf(isWithoutBrowser())('everybody', patience, () => {
  const at = useConsole()
  const stored = storedConnection(() => at.database, key)

  const addresses = [
    '/console/clients',
    '/console/clients?q=nothing-of-this-name',
    '/console/clients?blocked=yes',
    `/console/clients/${key.clientId}`,
    connectionPath(key),
    connectionPath({ ...key, connectionId: '00000000-0000-4000-8000-000000000000' }),
    '/console/connections',
    `/console/connections?consumer=${demo.mis.clientId}`,
    '/console/me',
    '/console/nothing-is-here',
    '/console/signed-out',
  ]

  /** The dialogs of a connection and the state before Save, each with the way into it. */
  const states: Readonly<Record<string, (person: Person) => Promise<void>>> = {
    'violations below the field': ({ field }) => field.fill('http://localhost/#'),
    'warnings below the field': ({ field }) => field.fill('https://b\u{43e}rys.example:8443/cb?code=1'),
    'dialog of a held step': async ({ field, page, say, dialog }) => {
      await field.fill(`${site}/held`)
      await page
        .getByRole('link', { name: say('console.clients') })
        .first()
        .click()
      await dialog.waitFor()
    },
    'dialog of a conflict': async (person) => {
      await person.field.fill(`${site}/conflict`)
      await stored.writePast(`${site}/conflict/of/${Math.random()}`)
      await person.saves()
      await person.dialog.waitFor()
    },
    'dialog of a new secret': async ({ button, dialog }) => {
      await button('console.secret.title').click()
      await dialog.waitFor()
    },
    'dialog of a deletion': async ({ button, dialog }) => {
      await button('console.delete.title').click()
      await dialog.waitFor()
    },
    'dialog of a former value with another host': async (person) => {
      await stored.writePast('https://another.example.ua/cb')
      await person.opensConnection(key)
      await person.button('console.putBack').first().click()
      await person.dialog.waitFor()
    },
    'a new secret': async ({ button, dialog, say }) => {
      const [own] = await at.database.query<{ secret: string; host: string }>(
        `SELECT own.secret, substring(one.redirect_uri FROM '^https?://([^/:]+)') AS host
           FROM connections own JOIN connections one ON one.consumer_id = own.consumer_id
          WHERE one.id = $1 AND own.client_id = own.consumer_id`,
        [key.connectionId],
      )
      await button('console.secret.title').click()
      await dialog
        .getByRole('textbox')
        .first()
        .fill(own?.host ?? '')
      await dialog.locator('input[type=password]').fill(own?.secret ?? '')
      await button('console.secret.do', dialog).click()
      await dialog.getByText(say('console.secret.once')).waitFor()
    },
    'bar of the last change': async (person) => {
      await person.field.fill(`${site}/bar/${Math.random()}`)
      await person.saves()
      await person.button('console.undo').waitFor()
    },
  }

  async function startsAfresh(person: Person): Promise<void> {
    await person.page.evaluate(() => {
      for (const name of Object.keys(sessionStorage)) if (name.includes('draft')) sessionStorage.removeItem(name)
    })
    await person.page.goto('about:blank')
    await person.opensConnection(key)
  }

  test.each(['uk', 'en'] as const)(
    'meets no barrier that axe-core knows, on any screen or dialog: %s',
    async (language) => {
      const person = await at.person({ language })
      const { page } = person
      const found: Record<string, readonly string[]> = {}
      let looked = 0
      async function look(where: string): Promise<void> {
        const { faults, count } = await lookAt(person)
        for (const [look, violations] of Object.entries(faults)) found[`${where}, ${look}`] = violations
        looked += count
      }
      for (const address of addresses.filter((each) => !each.endsWith('signed-out'))) {
        await goes(person, at.url, address)
        await look(address)
      }
      for (const [name, enter] of Object.entries(states)) {
        await startsAfresh(person)
        await enter(person)
        await look(name)
      }
      await page.goto(`${at.url}/console/signed-out`)
      await person.heading.waitFor()
      await look('signed out')
      expect(found).toEqual({})
      process.stdout.write(`Accessibility (${language}): ${looked} looks of axe-core, 0 violations.\n`)
    },
  )

  test.each(['uk', 'en'] as const)(
    'reads every screen at 320 pixels and at 200 % text without scrolling sideways: %s',
    async (language) => {
      const person = await at.person({ language, viewport: { width: 320, height: 640 } })
      const { page } = person
      const sideways: string[] = []
      async function measure(where: string): Promise<void> {
        const fault = await sidewaysOf(page)
        if (fault !== null) sideways.push(`${where}: ${fault}`)
      }
      for (const zoom of [1, 2]) {
        // 200 % of the text at 640 pixels is what a person gets who enlarges a narrow window.
        await page.setViewportSize({ width: 320 * zoom, height: 640 })
        for (const address of addresses.filter((each) => !each.endsWith('signed-out'))) {
          await goes(person, at.url, address)
          await page.evaluate(
            (percent) => document.documentElement.style.setProperty('font-size', percent),
            `${zoom}00%`,
          )
          await measure(`${address} at ${zoom}00 %`)
        }
        for (const [name, enter] of Object.entries(states)) {
          if (zoom === 2) continue
          await startsAfresh(person)
          await enter(person)
          await measure(name)
        }
      }
      expect(sideways).toEqual([])
    },
  )

  test.each([
    {
      language: 'uk',
      texts: ['Усього 1 запис', 'Усього 2 записи', 'Усього 5 записів', 'Усього 11 записів', 'Усього 21 запис'],
    },
    { language: 'en', texts: ['1 in all', '2 in all', '5 in all', '11 in all', '21 in all'] },
  ] satisfies readonly { language: Locale; texts: readonly string[] }[])(
    'reads 1, 2, 5, 11 and 21 in the right plural: $language',
    async ({ language, texts }) => {
      const name = `plural-${language}-${randomUUID()}`
      const type = (await at.database.query<{ id: string }>('SELECT client_type_id AS id FROM clients LIMIT 1'))[0]?.id
      const person = await at.person({ language })
      let present = 0
      for (const [index, count] of [1, 2, 5, 11, 21].entries()) {
        await at.database.query(
          `INSERT INTO clients (id, name, settings, client_type_id, inserted_at, updated_at)
           SELECT gen_random_uuid(), $1, '{}', $2, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
             FROM generate_series(1, $3)`,
          [name, type, count - present],
        )
        present = count
        await person.opens(`/console/clients?q=${name}`)
        const total = person.page.locator('nav.pager')
        await total.waitFor()
        await expect.poll(() => total.textContent()).toContain(texts[index])
      }
    },
  )

  test.each([
    { language: 'uk', zone: 'за Києвом' },
    { language: 'en', zone: 'Kyiv' },
  ] as const)(
    'reads times of Kyiv with the zone named, wherever the browser is: $language',
    async ({ language, zone }) => {
      const person = await at.person({ language, timezoneId: 'America/New_York' })
      const at0030 = '2026-07-01T21:30:00Z'
      await at.database.query('UPDATE clients SET inserted_at = $2 WHERE id = $1', [
        key.clientId,
        '2026-07-01 21:30:00',
      ])
      await person.opens(`/console/clients/${key.clientId}`)
      const time = person.page.locator('dl time').first()
      await time.waitFor()
      expect(new Date((await time.getAttribute('datetime')) ?? '').toISOString()).toBe(new Date(at0030).toISOString())
      const text = (await time.textContent()) ?? ''
      expect(text).toContain('00:30')
      expect(text).toMatch(/^2 /)
      expect(text).toContain(zone)
      const column = person.page.locator('table thead').first()
      expect(await column.textContent()).toContain(zone)
    },
  )
})
