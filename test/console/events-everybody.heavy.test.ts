import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { insertSubscription, queueChanges, switchOn } from '../support/events.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { eventsOnLoopback } from './support/events-on-loopback.ts'
import { goesAndArrives, lookAt, sidewaysOf } from './support/looks.ts'
import type { Person } from './support/person.ts'

// The screens of events are for everybody: WCAG 2.2 AA, narrow screens, by the keyboard alone.

const environment = await eventsOnLoopback()
const owner = demo.msp.clientId
/** Subscriptions in each state, by their word. */
const ids = {
  off: '0ff00000-0000-4000-8000-000000000001',
  failing: 'fa110000-0000-4000-8000-000000000002',
  unverified: '0e010000-0000-4000-8000-000000000003',
  paused: 'babe0000-0000-4000-8000-000000000004',
  poll: 'b0110000-0000-4000-8000-000000000005',
} as const

describe.skipIf(isWithoutBrowser())('everybody who manages events', patience, () => {
  const at = useConsole(environment)
  let receiver: EventReceiver
  beforeAll(async () => {
    receiver = await startEventReceiver(({ event }, response) => {
      response.writeHead(200).end(String(event.data['challenge'] ?? ''))
    })
    await at.database.query(switchOn)
    const url = 'https://events.clinic.example.ua/a/path/that/is/long/enough/to/need/two/lines'
    const make = (id: string, more: object) =>
      insertSubscription(at.database, { id, ownerClientId: owner, reach: 'CLIENT', url, ...more })
    await make(ids.off, { state: 'OFF' })
    await make(ids.failing, { kinds: ['UPDATED', 'REVERTED', 'DELETED'] })
    await make(ids.unverified, { state: 'UNVERIFIED', reach: 'CONSUMER' })
    // axe-core takes long for a long list, and the dialogs open above this one.
    await make(ids.paused, { state: 'PAUSED', url: receiver.url, kinds: ['CREATED'] })
    await make(ids.poll, { url: null })
    // Nothing is sent to the endpoint that fails.
    await at.database.query(
      `UPDATE event_subscriptions SET failing_since = '2026-11-25 08:15:00Z', closed_until = now() + interval '1 day'
        WHERE id = ANY($1)`,
      [[ids.off, ids.failing]],
    )
    await queueChanges(
      at.database,
      Array.from({ length: 30 }, () => ({ clientId: owner })),
    )
    await at.database.query(
      `UPDATE event_deliveries SET state = 'DEAD', attempts = 10, last_status = 503, last_failure = 'status',
              ended_at = now()
        WHERE subscription_id = $1 AND number % 3 = 0`,
      [ids.failing],
    )
    await at.database.query(
      `UPDATE event_deliveries SET attempts = 2, last_failure = 'timeout', next_attempt_at = now() + interval '1 hour'
        WHERE subscription_id = $1 AND number % 3 = 1`,
      [ids.failing],
    )
  })
  afterAll(() => receiver?.close())

  const addresses = [
    '/console/events',
    `/console/events?client=${demo.pharmacy.clientId}`,
    '/console/events?q=%D0%B1%D0%BE%D1%80%D0%B8%D1%81',
    '/console/events/new',
    `/console/events/new?client=${owner}`,
    ...Object.values(ids).map((id) => `/console/events/${id}`),
    `/console/events/${ids.failing}?state=DEAD`,
    '/console/events/00000000-0000-4000-8000-000000000000',
    '/console/me',
  ]

  async function opens(person: Person, title: Parameters<Person['say']>[0], id: string): Promise<void> {
    await goesAndArrives(person, at.url, `/console/events/${id}`)
    await person.button(title, person.page.locator('.act')).click()
    await person.dialog.waitFor()
  }

  /** The dialogs, and the states of the form, each with the way into it. */
  const states: Readonly<Record<string, (person: Person) => Promise<void>>> = {
    'a target that breaks two rules': async (person) => {
      await goesAndArrives(person, at.url, '/console/events/new')
      await person.page.getByLabel(person.say('console.events.url'), { exact: true }).fill('http://user@localhost/')
      await person.page.locator('.verdict li').first().waitFor()
    },
    'no kind of change': async (person) => {
      await goesAndArrives(person, at.url, `/console/events/new?client=${demo.pharmacy.clientId}`)
      for (const box of await person.page.getByRole('checkbox').all()) await box.uncheck()
      await person.page.getByText(person.say('console.events.kinds.none')).waitFor()
    },
    'the secret of a new subscription': async (person) => {
      await goesAndArrives(person, at.url, `/console/events/new?client=${demo.mis.clientId}`)
      await person.page.getByLabel(person.say('console.events.url'), { exact: true }).fill(receiver.url)
      await person.button('console.events.create').click()
      await person.dialog.locator('.note').waitFor()
    },
    'a server that does not pass the check': async (person) => {
      await goesAndArrives(person, at.url, `/console/events/${ids.unverified}`)
      await person.button('console.events.verify').click()
      await person.page.locator('.note.bad').waitFor()
    },
    'dialog of a new key': (person) => opens(person, 'console.events.rotate', ids.paused),
    'dialog of a deletion': (person) => opens(person, 'console.events.delete', ids.paused),
    'dialog of a replay by time': (person) => opens(person, 'console.events.replay', ids.paused),
    'dialog of a replay by connection, with a fault': async (person) => {
      await opens(person, 'console.events.replay', ids.paused)
      await person.dialog.getByRole('radio').nth(1).check()
      await person.button('console.events.replay', person.dialog).click()
      await person.dialog.getByText(person.say('violation.uuid')).waitFor()
    },
    'result of a replay': async (person) => {
      await opens(person, 'console.events.replay', ids.paused)
      await person.button('console.events.replay', person.dialog).click()
      await person.dialog.locator('.note').waitFor()
    },
  }

  async function closes(person: Person): Promise<void> {
    if ((await person.dialog.count()) > 0) await person.page.keyboard.press('Escape')
    await person.dialog.waitFor({ state: 'detached' })
  }

  test.each(['uk', 'en'] as const)('meets no barrier that axe-core knows: %s', async (language) => {
    const person = await at.person({ as: 'admin', language })
    const found: Record<string, readonly string[]> = {}
    let looked = 0
    async function look(where: string): Promise<void> {
      const { faults, count } = await lookAt(person)
      for (const [look, violations] of Object.entries(faults)) found[`${where}, ${look}`] = violations
      looked += count
    }
    for (const address of addresses) {
      await goesAndArrives(person, at.url, address)
      await look(address)
    }
    for (const [name, enter] of Object.entries(states)) {
      await enter(person)
      await look(name)
      await closes(person)
    }
    expect(found).toEqual({})
    process.stdout.write(`Accessibility of events (${language}): ${looked} looks of axe-core, 0 violations.\n`)
  })

  test.each(['uk', 'en'] as const)(
    'reads every screen at 320 pixels and with text of double size without scrolling sideways: %s',
    async (language) => {
      const person = await at.person({ as: 'admin', language, viewport: { width: 320, height: 640 } })
      const sideways: string[] = []
      async function measure(where: string): Promise<void> {
        const fault = await sidewaysOf(person.page)
        if (fault !== null) sideways.push(`${where}: ${fault}`)
      }
      for (const zoom of [1, 2]) {
        await person.page.setViewportSize({ width: 320 * zoom, height: 640 })
        await person.page.evaluate(
          (percent) => document.documentElement.style.setProperty('font-size', percent),
          `${zoom}00%`,
        )
        for (const address of addresses) {
          await goesAndArrives(person, at.url, address)
          await measure(`${address} at ${zoom}00 %`)
        }
        for (const [name, enter] of Object.entries(states)) {
          await enter(person)
          await measure(`${name} at ${zoom}00 %`)
          await closes(person)
        }
      }
      expect(sideways).toEqual([])
    },
  )

  test('subscribes, pauses and deletes by the keyboard alone', async () => {
    const person = await at.person({ as: 'clinic' })
    const { page } = person
    const stateOf = (id: string) =>
      at.database.query<{ state: string }>('SELECT state FROM event_subscriptions WHERE id = $1', [id])

    /** Goes on by Tab until the element with this name or label has the focus. */
    async function tabsTo(name: string): Promise<void> {
      for (let step = 0; step < 300; step += 1) {
        await page.keyboard.press('Tab')
        const names = await page.evaluate(() => {
          const element = document.activeElement
          const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : []
          return [element, ...labels].map((each) => each?.textContent?.trim() ?? '')
        })
        if (names.some((each) => each.startsWith(name))) return
      }
      throw new Error(`Tab never came to ${name}`)
    }
    const heads = (title: string) => person.heading.filter({ hasText: title }).waitFor()
    const onHeading = () =>
      expect.poll(() => person.heading.evaluate((element) => element === document.activeElement)).toBe(true)

    await tabsTo(person.say('console.events'))
    await page.keyboard.press('Enter')
    await heads(person.say('console.events'))
    await onHeading()
    await tabsTo(person.say('console.events.new'))
    await page.keyboard.press('Enter')
    await heads(person.say('console.events.new'))
    await onHeading()
    await tabsTo(person.say('console.events.method.PUSH'))
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await tabsTo(person.say('console.events.url'))
    await page.keyboard.type(receiver.url)
    await page.keyboard.press('Enter')
    await person.dialog.waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('dialog') !== null)).toBe(true)
    await page.keyboard.press('Escape')
    await heads(person.say('console.events.subscription'))
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    await expect.poll(person.focus).not.toBe('body')
    await tabsTo(person.say('console.events.pause'))
    await page.keyboard.press('Enter')
    await expect.poll(() => stateOf(id)).toEqual([{ state: 'PAUSED' }])
    await expect.poll(person.focus).toContain(person.say('console.events.resume'))
    await page.keyboard.press('Enter')
    await expect.poll(() => stateOf(id)).toEqual([{ state: 'ACTIVE' }])
    await tabsTo(person.say('console.events.delete'))
    await page.keyboard.press('Enter')
    await person.dialog.waitFor()
    await tabsTo(person.say('console.events.delete.do'))
    await page.keyboard.press('Enter')
    await heads(person.say('console.events'))
    await expect.poll(() => stateOf(id)).toEqual([])
    await expect.poll(person.focus).not.toBe('body')
  })
})
