import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { newUri } from './support/new-uri.ts'
import type { Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'

// The console never overwrites what somebody else has stored.

const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
const rounds = 50

describe.skipIf(isWithoutBrowser())('two people who save at once', patience, () => {
  const at = useConsole()
  const stored = storedConnection(() => at.database, key)
  let oksana: Person
  let dmytro: Person
  beforeAll(async () => {
    ;[oksana, dmytro] = await Promise.all([at.person({ as: 'nhs-oksana' }), at.person({ as: 'nhs-dmytro' })])
  })
  beforeEach(async () => {
    await Promise.all([oksana, dmytro].map((person) => opensAnew(person)))
  })

  /** Opens the connection without what an earlier test has left in the tab. */
  async function opensAnew(person: Person): Promise<void> {
    if (person.page.url() !== 'about:blank') await person.page.evaluate(() => sessionStorage.clear())
    await person.page.goto('about:blank')
    await person.opensConnection(key)
  }

  const save = (person: Person) => person.button('console.editor.save').click()
  const choose = (person: Person, choice: 'takeTheirs' | 'putMine' | 'keepEditing') =>
    person.button(`console.conflict.${choice}`, person.dialog).click()

  /** Waits until the console has said how a save has ended. */
  async function outcome(person: Person, value: string): Promise<'saved' | 'conflict'> {
    const saved = person.page.locator('p.current', { hasText: value })
    await person.dialog.or(saved).first().waitFor()
    return (await person.dialog.isVisible()) ? 'conflict' : 'saved'
  }

  /** The values of the history must be a chain: no write has gone over a value that it did not know. */
  async function expectChain(): Promise<void> {
    const changes = await stored.changes()
    expect(changes.slice(1).map(({ before }) => before)).toEqual(changes.slice(0, -1).map(({ after }) => after))
    expect(await stored.redirectUri()).toBe(changes.at(-1)?.after)
  }

  test(`lose none of ${rounds * 2} writes: one is stored, and the text of the other is still in the field`, async () => {
    const before = (await stored.changes()).length
    const winners: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      const mine = [
        { person: oksana, value: newUri('oksana') },
        { person: dmytro, value: newUri('dmytro') },
      ]
      await Promise.all(mine.map(({ person, value }) => person.field.fill(value)))
      await Promise.all(mine.map(({ person }) => save(person)))
      const outcomes = await Promise.all(mine.map(({ person, value }) => outcome(person, value)))
      expect([...outcomes].sort()).toEqual(['conflict', 'saved'])
      for (const [index, { person, value }] of mine.entries()) {
        if (outcomes[index] === 'saved') winners.push(value)
        else {
          await choose(person, 'keepEditing')
          await expect.poll(() => person.field.inputValue()).toBe(value)
        }
      }
    }
    const changes = (await stored.changes()).slice(before)
    expect(changes.map(({ after }) => after)).toEqual(winners)
    expect(winners).toHaveLength(rounds)
    await expectChain()
    const won = winners.filter((value) => value.includes('oksana')).length
    process.stdout.write(`Conflict: ${rounds} double saves, 0 lost; Oksana was faster ${won} times.\n`)
  })

  test(`lose nothing to a program that writes past the gateway, ${rounds} times`, async () => {
    const before = (await stored.changes()).length
    const saved: string[] = []
    let conflicts = 0
    for (let round = 0; round < rounds; round += 1) {
      const value = newUri('person')
      await oksana.field.fill(value)
      await Promise.all([stored.writePast(newUri('program')), save(oksana)])
      if ((await outcome(oksana, value)) === 'saved') saved.push(value)
      else {
        conflicts += 1
        await choose(oksana, 'keepEditing')
        await expect.poll(() => oksana.field.inputValue()).toBe(value)
      }
    }
    const changes = (await stored.changes()).slice(before)
    expect(changes.filter(({ door }) => door === 'EXTERNAL')).toHaveLength(rounds)
    expect(changes.filter(({ door }) => door === 'GRAPHQL').map(({ after }) => after)).toEqual(saved)
    expect(saved.length + conflicts).toBe(rounds)
    expect(conflicts).toBeGreaterThan(0)
    await expectChain()
    process.stdout.write(`Conflict: ${rounds} saves against another program, ${conflicts} conflicts, 0 lost.\n`)
  })

  /** Dmytro saves first, then Oksana gets the dialog. */
  async function meet() {
    const [theirs, mine] = [newUri('theirs'), newUri('mine')]
    const seen = (await stored.redirectUri()) ?? ''
    await oksana.field.fill(mine)
    await dmytro.field.fill(theirs)
    await save(dmytro)
    await dmytro.page.locator('p.current', { hasText: theirs }).waitFor()
    await save(oksana)
    await oksana.dialog.waitFor()
    return { seen, theirs, mine }
  }

  test('read what they saw, what is stored now and by whom, and what they typed', async () => {
    const { seen, theirs, mine } = await meet()
    const { dialog, say } = oksana
    await expect
      .poll(() => dialog.locator('thead th').allTextContents())
      .toEqual([
        say('console.part'),
        say('console.conflict.seen'),
        say('console.conflict.theirs'),
        say('console.conflict.mine'),
      ])
    const path = dialog.locator('tbody tr', { hasText: say('console.part.path') }).locator('td code')
    await expect.poll(() => path.allTextContents()).toEqual([seen, theirs, mine].map((uri) => new URL(uri).pathname))
    const by = await dialog.locator('p.by').textContent()
    expect(by).toContain('NHS')
    expect(by).toContain(say('console.door.GRAPHQL'))
    await choose(oksana, 'keepEditing')
  })

  test('keep editing: the text stays, and the next save is meant for the new state', async () => {
    const { theirs, mine } = await meet()
    await oksana.page.keyboard.press('Escape')
    await oksana.dialog.waitFor({ state: 'detached' })
    expect(await oksana.field.inputValue()).toBe(mine)
    expect(await stored.redirectUri()).toBe(theirs)
    await save(oksana)
    await oksana.page.locator('p.current', { hasText: mine }).waitFor()
    expect(await stored.redirectUri()).toBe(mine)
  })

  test('take theirs: nothing is written, and the field has the stored value', async () => {
    const { theirs } = await meet()
    const before = (await stored.changes()).length
    await choose(oksana, 'takeTheirs')
    await expect.poll(() => oksana.field.inputValue()).toBe(theirs)
    expect(await stored.changes()).toHaveLength(before)
  })

  test('put theirs aside: it names their version, so a third write in between is a conflict again', async () => {
    const { mine } = await meet()
    const third = newUri('third-write')
    await stored.writePast(third)
    await choose(oksana, 'putMine')
    await oksana.dialog.locator('td', { hasText: '/third-write' }).waitFor()
    await oksana.dialog.locator('p.by', { hasText: oksana.say('console.door.EXTERNAL') }).waitFor()
    expect(await stored.redirectUri()).toBe(third)
    await choose(oksana, 'putMine')
    await oksana.page.locator('p.current', { hasText: mine }).waitFor()
    expect(await stored.redirectUri()).toBe(mine)
  })
})
