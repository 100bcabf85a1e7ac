import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { newUri } from './support/new-uri.ts'
import type { Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'

// The console shows characters that the eye misses.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
const site = 'https://borys.medsestra.example'

/** What is pasted, the chip that names the character, and what a person gets by the offered repair. */
const pastes = [
  { what: 'a zero-width space', pasted: `${site}/\u{200b}first`, chip: 'U+200B', repaired: `${site}/first` },
  { what: 'a no-break space', pasted: `${site}/sec\u{a0}ond`, chip: 'U+00A0', repaired: `${site}/second` },
  { what: 'a trailing blank', pasted: `${site}/third `, chip: 'U+0020', repaired: `${site}/third` },
  {
    what: 'a Cyrillic letter that looks Latin',
    pasted: 'https://borys.medsestr\u{430}.example/fourth',
    chip: 'U+0430',
    repaired: `${site}/fourth`,
  },
] as const

describe.skipIf(isWithoutBrowser())('a person who pastes what the eye misses', patience, () => {
  const at = useConsole()
  const stored = storedConnection(() => at.database, key)
  let person: Person
  beforeAll(async () => {
    person = await at.person()
  })
  beforeEach(async () => {
    await stored.writePast(newUri('before'))
    await person.opensConnection(key)
  })

  test.each(pastes)('sees $what as a chip, cannot save it, and saves exactly the repaired value', async (paste) => {
    const { page, field, say } = person
    const before = await stored.redirectUri()
    const sent = person.writes.length
    await field.fill(paste.pasted)
    await expect
      .poll(() => page.locator('table.parts .chip').allTextContents())
      .toEqual([expect.stringContaining(paste.chip)])
    await page.locator('form.editor button[type=submit]').click()
    expect(person.writes).toHaveLength(sent)
    expect(await stored.redirectUri()).toBe(before)
    expect(await field.inputValue()).toBe(paste.pasted)

    const fix = paste.chip === 'U+0430' ? 'console.fix.lookAlikes' : 'console.fix.unseen'
    await page.getByRole('button', { name: say(fix, { count: 1 }), exact: true }).click()
    await expect.poll(() => field.inputValue()).toBe(paste.repaired)
    await expect.poll(() => field.evaluate((input) => input === document.activeElement)).toBe(true)
    await expect.poll(() => page.locator('table.parts .chip').count()).toBe(0)
    await person.saves()
    await expect.poll(stored.redirectUri).toBe(paste.repaired)
    const [octets] = await at.database.query<{ hex: string }>(
      `SELECT encode(convert_to(redirect_uri, 'UTF8'), 'hex') AS hex FROM connections WHERE id = $1`,
      [key.connectionId],
    )
    expect(octets?.hex).toBe(Buffer.from(paste.repaired).toString('hex'))
    expect(person.writes).toHaveLength(sent + 1)
  })

  test('sees an internationalized host in both forms', async () => {
    await person.field.fill('https://клініка.укр/callback')
    const host = person.page
      .locator('table.parts tr', { hasText: person.say('console.part.host') })
      .locator('td')
      .nth(1)
    await expect.poll(() => host.textContent()).toContain('клініка.укр')
    await expect.poll(() => host.textContent()).toContain('xn--80atadk3mb.xn--j1amh')
  })

  test('sees which parts change by a word, not only by a colour', async () => {
    await person.field.fill(`${await stored.redirectUri()}/more?clinic=2`)
    const rows = person.page.locator('table.parts tr', { has: person.page.locator('.mark') })
    await expect
      .poll(() => rows.locator('th').allTextContents())
      .toEqual([person.say('console.part.path'), person.say('console.part.query')])
    expect(await rows.locator('.mark').allTextContents()).toEqual(Array(2).fill(person.say('console.part.changed')))
  })
})
