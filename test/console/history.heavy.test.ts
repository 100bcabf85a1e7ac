import { beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { connectionPath, type Person } from './support/person.ts'

// The history answers: before and after, who, when, through what; and every page of it has an address.

const key = { clientId: demo.msp.clientId, connectionId: demo.connectionId }

describe.skipIf(isWithoutBrowser())('a person who looks for a change', patience, () => {
  const at = useConsole()
  let person: Person
  beforeAll(async () => {
    // With the row of its creation, 250 changes of the connection: each twenty-fifth is a new secret.
    await at.database.query(
      `DO $$ BEGIN
         FOR turn IN 1..249 LOOP
           UPDATE connections
              SET redirect_uri = CASE WHEN turn % 25 = 0 THEN redirect_uri ELSE 'https://example2.com/turn/' || turn END,
                  secret = CASE WHEN turn % 25 = 0 THEN md5(turn::text) || md5('new') ELSE secret END
            WHERE id = '${key.connectionId}';
         END LOOP;
       END $$`,
    )
    person = await at.person()
  })

  const rows = () => person.page.locator('table.history tbody tr')
  const nextPage = () => person.page.getByRole('link', { name: person.say('console.older') })

  /** Goes on by Tab until an element has the focus, as a person without a mouse does. */
  async function tabsTo(name: string): Promise<void> {
    for (let step = 0; step < 400; step += 1) {
      await person.page.keyboard.press('Tab')
      const text = await person.page.evaluate(() => document.activeElement?.textContent ?? '')
      if (text.trim() === name) return
    }
    throw new Error(`Tab never came to ${name}`)
  }

  test('reads all 250 by the keyboard, 25 a page', async () => {
    await person.opensConnection(key)
    await rows().first().waitFor()
    await person.page.getByText(person.say('console.total', { count: 250 })).waitFor()
    const seen: string[] = []
    for (let pages = 1; pages <= 10; pages += 1) {
      const expected = pages === 1 ? '/turn/249' : `/turn/${250 - (pages - 1) * 25 - 1}`
      await rows().locator('.after', { hasText: expected }).first().waitFor()
      const texts = await rows().locator('td:nth-child(2)').allTextContents()
      expect(texts).toHaveLength(25)
      seen.push(...texts)
      if (pages === 10) break
      if (pages === 1) await tabsTo(person.say('console.older'))
      // The link of the next page keeps the focus, so Enter goes on and on.
      await expect.poll(person.focus).toContain(person.say('console.older'))
      await person.page.keyboard.press('Enter')
    }
    expect(seen.join('').match(/turn\/\d+/g)?.length).toBeGreaterThan(250)
    await expect.poll(() => nextPage().count()).toBe(0)
    await expect.poll(person.focus).not.toBe('body')
  })

  test('keeps the filter and the page in the address, and Back comes back to both', async () => {
    await person.opensConnection(key)
    const kinds = person.page.getByLabel(person.say('console.change.kind'), { exact: true })
    await kinds.focus()
    await kinds.selectOption('SECRET_REFRESHED')
    await person.page.waitForURL(/kind=SECRET_REFRESHED/)
    await expect.poll(() => rows().count()).toBe(9)
    await expect.poll(() => kinds.evaluate((select) => select === document.activeElement)).toBe(true)

    await person.page.reload()
    await expect.poll(() => rows().count()).toBe(9)
    await expect.poll(() => kinds.inputValue()).toBe('SECRET_REFRESHED')

    await kinds.selectOption('UPDATED')
    await person.page.waitForURL(/kind=UPDATED/)
    await expect.poll(() => rows().count()).toBe(25)
    await nextPage().press('Enter')
    await person.page.waitForURL(/after=/)
    await person.page.goBack()
    await person.page.waitForURL((url) => !url.search.includes('after='))
    expect(new URL(person.page.url()).searchParams.get('kind')).toBe('UPDATED')
    await rows().locator('.after', { hasText: '/turn/249' }).first().waitFor()
    await expect.poll(person.focus).not.toBe('body')
  })

  test('comes back to the same place of a list, with the focus on the link that was followed', async () => {
    await person.opens('/console/clients')
    await person.page.locator('tbody tr').first().waitFor()
    await nextPage().press('Enter')
    await person.page.waitForURL(/after=/)
    const link = person.page.locator('tbody tr').nth(20).locator('a')
    await expect.poll(() => link.count()).toBe(1)
    await person.page.locator('[aria-busy=false]').first().waitFor()
    const name = await link.textContent()
    await link.focus()
    const [address, scrolled] = [person.page.url(), await person.page.evaluate(() => scrollY)]
    await person.page.keyboard.press('Enter')
    await person.heading.filter({ hasText: name ?? '' }).waitFor()
    await expect.poll(() => person.heading.evaluate((element) => element === document.activeElement)).toBe(true)
    await person.page.goBack()
    await expect.poll(() => link.count()).toBe(1)
    await expect.poll(() => person.page.url()).toBe(address)
    await expect.poll(person.focus).toBe(`a ${name}`)
    await expect.poll(() => person.page.evaluate(() => Math.abs(scrollY))).toBeGreaterThan(scrolled - 80)
  })

  test('reads through what and by which request each change came', async () => {
    await person.opensConnection({ clientId: demo.msp.clientId, connectionId: demo.changed.connectionId })
    const changes = await at.database.query<{ door: string; request: string | null }>(
      `SELECT door, request_id AS request FROM connection_changes WHERE connection_id = $1 ORDER BY id DESC`,
      [demo.changed.connectionId],
    )
    await expect
      .poll(() => rows().locator('.badge').allTextContents())
      .toEqual(changes.map(({ door }) => person.say(`console.door.${door as 'GRAPHQL' | 'REST' | 'EXTERNAL'}`)))
    const first = rows().first()
    await first.locator('summary').click()
    expect(
      await first.locator('code').evaluateAll((codes) => codes.map((code) => code.getAttribute('title'))),
    ).toContain(changes[0]?.request)
    expect(
      await rows()
        .filter({ hasText: person.say('console.door.EXTERNAL') })
        .locator('details')
        .count(),
    ).toBe(0)
  })

  test('finds a deleted connection in the history of its client', async () => {
    const [gone] = await at.database.query<{ id: string; uri: string }>(
      `DELETE FROM connections WHERE id = (SELECT id FROM connections WHERE client_id = $1 ORDER BY id DESC LIMIT 1)
        RETURNING id, redirect_uri AS uri`,
      [demo.msp.clientId],
    )
    if (gone === undefined) throw new Error('The client has no connection')
    await person.page.goto(`${at.url}${connectionPath({ clientId: demo.msp.clientId, connectionId: gone.id })}`)
    await person.page.getByRole('link', { name: person.say('console.connection.absent.history') }).click()
    await person.page.waitForURL(/kind=DELETED/)
    const one = rows().filter({ hasText: gone.id.slice(0, 8) })
    await expect.poll(() => one.count()).toBe(1)
    const row = await one.textContent()
    expect(row).toContain(new URL(gone.uri).host)
    expect(row).toContain(person.say('console.door.EXTERNAL'))
  })
})
