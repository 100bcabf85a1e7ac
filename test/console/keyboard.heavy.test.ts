import { beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { connectionPath, type Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'

// The whole path by the keyboard alone: no test of this file moves the mouse or sets the focus.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
const site = 'https://borys.medsestra.example'

describe.skipIf(isWithoutBrowser())('a person without a mouse', patience, () => {
  const at = useConsole()
  const stored = storedConnection(() => at.database, key)
  let person: Person
  beforeAll(async () => {
    person = await at.newcomer()
  })

  /** Goes on by Tab until the element with this name, label or text has the focus. */
  async function tabsTo(name: string): Promise<void> {
    for (let step = 0; step < 200; step += 1) {
      await person.page.keyboard.press('Tab')
      const names = await person.page.evaluate(() => {
        const element = document.activeElement
        const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : []
        return [element, ...labels].map((each) => each?.textContent?.trim() ?? '')
      })
      if (names.some((each) => each.startsWith(name))) return
    }
    throw new Error(`Tab never came to ${name}`)
  }

  const presses = (name: string) => person.page.keyboard.press(name)
  const types = (text: string) => person.page.keyboard.type(text)
  const focusIsIn = (selector: string) =>
    expect
      .poll(() => person.page.evaluate((within) => document.activeElement?.closest(within) !== null, selector))
      .toBe(true)

  test('signs in, finds the connection and reads why a value cannot be saved', async () => {
    await person.page.goto(`${at.url}/console/`)
    await person.page.getByRole('button', { name: /Оксана/ }).waitFor()
    await tabsTo('Оксана Мельник')
    await presses('Enter')
    await person.heading.filter({ hasText: person.say('console.clients') }).waitFor()
    await focusIsIn('h1')
    await tabsTo(person.say('console.search.name'))
    await types('борис')
    await person.page.waitForURL(/q=/)
    await person.page.locator('tbody tr').nth(1).waitFor({ state: 'detached' })
    await tabsTo('Клініка «Борис»')
    await presses('Enter')
    await person.heading.filter({ hasText: 'Клініка «Борис»' }).waitFor()
    await focusIsIn('h1')
    await person.page.locator(`th a[href="${connectionPath(key)}"]`).waitFor()
    await tabsTo('МІС «Медсестра»')
    await presses('Enter')
    await person.heading.filter({ hasText: 'МІС «Медсестра»' }).waitFor()
    await focusIsIn('h1')
    await tabsTo(person.say('console.editor.field'))
    await presses('ControlOrMeta+A')
    await types(`${site}/key#x`)
    await person.violations.first().waitFor()
    await presses('Enter')
    expect(person.writes).toEqual([])
    await focusIsIn('form.editor input.value')
  })

  test('repairs an invisible character, saves, and undoes the change', async () => {
    const before = await stored.redirectUri()
    await presses('ControlOrMeta+A')
    await types(`${site}/keyboard `)
    await tabsTo(person.say('console.fix.unseen', { count: 1 }))
    await presses('Enter')
    await focusIsIn('form.editor input.value')
    await expect.poll(() => person.field.inputValue()).toBe(`${site}/keyboard`)
    await presses('Enter')
    await expect.poll(stored.redirectUri).toBe(`${site}/keyboard`)
    await person.button('console.undo').waitFor()
    await expect.poll(person.focus).not.toBe('body')
    await tabsTo(person.say('console.undo'))
    await presses('Enter')
    await expect.poll(stored.redirectUri).toBe(before)
    await person.page.getByText(person.say('console.undo.putBack')).first().waitFor()
    await expect.poll(person.focus).not.toBe('body')
  })

  test('confirms another host, and decides about a conflict', async () => {
    await stored.writePast(`${site}/theirs`)
    await tabsTo(person.say('console.editor.field'))
    await presses('ControlOrMeta+A')
    await types('https://another.example.ua/cb')
    await presses('Enter')
    await focusIsIn('form.editor input[type=checkbox]')
    await presses('Space')
    await tabsTo(person.say('console.editor.saveHost'))
    await presses('Enter')
    await person.dialog.waitFor()
    await focusIsIn('dialog')
    await tabsTo(person.say('console.conflict.takeTheirs'))
    await presses('Enter')
    await person.dialog.waitFor({ state: 'detached' })
    await expect.poll(person.focus).not.toBe('body')
    await expect.poll(() => person.field.inputValue()).toBe(`${site}/theirs`)
    expect(await stored.redirectUri()).toBe(`${site}/theirs`)
  })

  test('leaves each dialog by Escape, with the focus where it was', async () => {
    for (const title of ['console.secret.title', 'console.delete.title'] as const) {
      await tabsTo(person.say(title))
      await presses('Enter')
      await person.dialog.waitFor()
      await focusIsIn('dialog')
      await presses('Escape')
      await person.dialog.waitFor({ state: 'detached' })
      await expect.poll(person.focus).toContain(person.say(title))
    }
  })

  test('deletes the connection after the host was typed', async () => {
    await presses('Enter')
    await person.dialog.waitFor()
    await focusIsIn('dialog')
    await types('borys.medsestra.example')
    await presses('Enter')
    await expect.poll(stored.redirectUri).toBeUndefined()
    await person.heading.filter({ hasText: 'Клініка «Борис»' }).waitFor()
    await focusIsIn('h1')
  })
})
