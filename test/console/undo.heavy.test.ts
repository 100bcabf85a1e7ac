import { beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { newUri } from './support/new-uri.ts'
import type { ConnectionKey, Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'

// Undo is one step, by the same rules as every change.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }

describe.skipIf(isWithoutBrowser())('a person who made a mistake', patience, () => {
  const at = useConsole()
  const stored = storedConnection(() => at.database, key)
  let person: Person
  beforeAll(async () => {
    person = await at.person()
  })

  async function saves(value: string): Promise<void> {
    await person.field.fill(value)
    await person.saves()
    await person.button('console.undo').waitFor()
  }

  test('undoes a change by one click: two rows in the audit, the second is a reversion', async () => {
    await person.opensConnection(key)
    const before = (await stored.redirectUri()) ?? ''
    const { length } = await stored.changes()
    const mistake = newUri('mistake')
    await saves(mistake)
    await person.button('console.undo').click()
    await person.page.getByText(person.say('console.undo.putBack')).first().waitFor()
    expect((await stored.changes()).slice(length)).toMatchObject([
      { kind: 'UPDATED', before, after: mistake },
      { kind: 'REVERTED', before: mistake, after: before },
    ])
    await expect.poll(person.focus).not.toBe('body')
  })

  test('keeps the bar until it is closed', async () => {
    await person.opensConnection(key)
    await saves(newUri('bar'))
    await person.field.fill(newUri('bar-and-more'))
    const bar = person.page.getByRole('region', { name: person.say('console.undo.bar') })
    await bar.waitFor()
    await person.button('console.close', bar).click()
    await expect.poll(() => bar.count()).toBe(0)
    await expect.poll(person.focus).not.toBe('body')
    await person.button('console.editor.cancel').click()
  })

  test('writes nothing if another program has changed the value since: the dialog shows both', async () => {
    await person.opensConnection(key)
    const another = newUri('another-program')
    await saves(newUri('mine'))
    await stored.writePast(another)
    const { length } = await stored.changes()
    await person.button('console.undo').click()
    await person.dialog.waitFor()
    await person.dialog
      .locator('td', { hasText: new URL(another).pathname })
      .first()
      .waitFor()
    expect(await stored.changes()).toHaveLength(length)
    await person.button('console.conflict.takeTheirs', person.dialog).click()
    await person.dialog.waitFor({ state: 'detached' })
    expect(await stored.redirectUri()).toBe(another)
    expect(await stored.changes()).toHaveLength(length)
  })

  test('puts a former value back from its row of the history', async () => {
    await person.opensConnection(key)
    const before = (await stored.redirectUri()) ?? ''
    const changed = newUri('row')
    await saves(changed)
    const row = person.page.locator('table.history tbody tr').first()
    await row.locator('.after', { hasText: new URL(changed).pathname }).waitFor()
    await person.button('console.putBack', row).click()
    await expect.poll(stored.redirectUri).toBe(before)
    expect((await stored.changes()).at(-1)).toMatchObject({ kind: 'REVERTED' })
  })

  test('reads why a value of http: cannot be put back, before any click', async () => {
    const [old] = await at.database.query<ConnectionKey>(
      `SELECT connection_id AS "connectionId", client_id AS "clientId" FROM connection_changes
        WHERE redirect_uri_before LIKE 'http:%' AND kind = 'UPDATED' LIMIT 1`,
    )
    if (old === undefined) throw new Error('The demo data has no change from http:')
    await person.opensConnection(old)
    // The last row is the creation of the connection.
    const row = person.page.locator('table.history tbody tr').nth(-2)
    const reason = person.say('violation.pattern', { pattern: '^(https)://.+' })
    await row.getByText(person.say('console.putBack.impossible', { reason })).waitFor()
    expect(await row.getByRole('button', { name: person.say('console.putBack') }).count()).toBe(0)
  })

  test('reads in the bar that a value of http: was the last one of its kind', async () => {
    const [old] = await at.database.query<ConnectionKey>(
      `SELECT id AS "connectionId", client_id AS "clientId" FROM connections WHERE redirect_uri LIKE 'http:%' LIMIT 1`,
    )
    if (old === undefined) throw new Error('The demo data has no http:')
    await person.opensConnection(old)
    await person.field.fill((await person.field.inputValue()).replace('http:', 'https:'))
    await person.saves()
    const bar = person.page.getByRole('region', { name: person.say('console.undo.bar') })
    const reason = person.say('violation.pattern', { pattern: '^(https)://.+' })
    await bar.getByText(person.say('console.undo.impossible', { reason })).waitFor()
    expect(await bar.getByRole('button', { name: person.say('console.undo'), exact: true }).count()).toBe(0)
  })
})
