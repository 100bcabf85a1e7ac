import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { type EventReceiver, startEventReceiver, verify } from '../support/event-receiver.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { recordHidden } from '../support/recordings.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { eventsOnLoopback } from './support/events-on-loopback.ts'
import type { Person } from './support/person.ts'
import { storedConnection } from './support/stored.ts'
import { expectNoTrace, tracesOf } from './support/traces.ts'

// The owner of a client subscribes to events, sees what became of each one, and mends what does not arrive.

const environment = await eventsOnLoopback()
const key = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
interface StoredSubscription {
  readonly id: string
  readonly state: string
  readonly reach: string
  readonly method: string
  readonly url: string | null
  readonly kinds: readonly string[]
  readonly generation: number
}

describe.skipIf(isWithoutBrowser())('a person who manages events', patience, () => {
  const at = useConsole(environment)
  const stored = storedConnection(() => at.database, key)
  let receiver: EventReceiver
  let person: Person
  let answer: (challenge: string | undefined) => readonly [status: number, body: string]
  let id: string
  let secret: string
  beforeAll(async () => {
    receiver = await startEventReceiver(({ event }, response) => {
      const challenge = event.data['challenge']
      const [status, body] = answer(challenge === undefined ? undefined : String(challenge))
      response.writeHead(status).end(body)
    })
    await at.database.query(switchOn)
    person = await at.person({ as: 'clinic', permissions: ['clipboard-write'] })
  })
  afterAll(() => receiver?.close())

  const subscriptionsOf = (clientId: string) =>
    at.database.query<StoredSubscription>(
      `SELECT id, state, reach, method, url, kinds, key_generation AS generation FROM event_subscriptions
        WHERE owner_client_id = $1 ORDER BY created_at`,
      [clientId],
    )
  const subscription = async () => (await subscriptionsOf(key.clientId)).find((each) => each.id === id)
  const target = () => person.page.getByLabel(person.say('console.events.url'), { exact: true })
  const note = (text: string) => person.page.locator('.note', { hasText: text })
  const sees = (text: string) => person.page.locator('main').getByText(text, { exact: true }).first().waitFor()
  const deliveries = () => person.page.locator('table.deliveries tbody tr')
  const events = () => receiver.messages.filter(({ event }) => !event.type.endsWith('.challenge'))
  const secretField = () => person.dialog.getByLabel(person.say('console.secret.title'), { exact: true })

  /** Takes the secret that a dialog shows. */
  async function takesSecret(): Promise<string> {
    await secretField().waitFor()
    expect(await secretField().getAttribute('type')).toBe('password')
    const shown = await secretField().inputValue()
    recordHidden(shown)
    return shown
  }

  async function refreshesUntil(state: string, count = 1): Promise<void> {
    await expect
      .poll(
        async () => {
          await person.button('console.events.refresh').click()
          return deliveries().filter({ hasText: state }).count()
        },
        { timeout: 60_000 },
      )
      .toBeGreaterThanOrEqual(count)
  }

  test('finds no subscription at first, and the way to a new one', async () => {
    await person.page.getByRole('link', { name: person.say('console.events'), exact: true }).click()
    await sees(person.say('console.events.none'))
    await person.page.getByRole('link', { name: person.say('console.events.new') }).click()
    await person.heading.filter({ hasText: person.say('console.events.new') }).waitFor()
    await expect.poll(() => person.heading.evaluate((element) => element === document.activeElement)).toBe(true)
    // Events of all connections are for administrators.
    expect(await person.page.getByText(person.say('console.events.reach.ALL')).count()).toBe(0)
  })

  const wrong = [
    ['http://events.example.ua/', 'console.events.url.https'],
    ['https://events.example.ua:8443/', 'violation.target_port'],
    ['https://localhost/', 'violation.host_localhost'],
    ['https://user@events.example.ua/', 'violation.user_info'],
    ['https://events.example.ua/#x', 'violation.fragment'],
  ] as const
  test.each(wrong)('reads while typing why %s is no target, and sends nothing', async (url, reason) => {
    await target().fill(url)
    await person.page.locator('.verdict li', { hasText: person.say(reason) }).waitFor()
    await expect.poll(() => target().getAttribute('aria-invalid')).toBe('true')
    await target().press('Enter')
    expect(person.writes).toEqual([])
    await expect.poll(() => target().evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('is told by the gateway about an address that only the gateway can judge, and loses nothing', async () => {
    await target().fill('https://10.20.30.40/events')
    await target().press('Enter')
    await person.page.locator('.verdict li', { hasText: person.say('violation.target_address') }).waitFor()
    expect(await target().inputValue()).toBe('https://10.20.30.40/events')
    expect(await subscriptionsOf(key.clientId)).toEqual([])
  })

  test('finds what was filled in after another screen and after a reload', async () => {
    await target().fill(receiver.url)
    for (const kind of ['CREATED', 'MOVED'] as const)
      await person.page.getByRole('checkbox', { name: person.say(`console.kind.${kind}`), exact: true }).uncheck()
    await person.opens('/console/me')
    await person.opens('/console/events/new')
    await sees(person.say('console.events.create.restored'))
    expect(await target().inputValue()).toBe(receiver.url)
    await expect.poll(() => person.page.getByRole('checkbox', { checked: false }).count()).toBe(2)
  })

  test('subscribes once by a double click, and sees the secret once, though the server refuses the challenge', async () => {
    answer = () => [500, 'internal text of the server']
    person.writes.length = 0
    await person.button('console.events.create').dblclick()
    secret = await takesSecret()
    expect(person.writes).toEqual(['CreateEventSubscription'])
    await note(person.say('console.events.created.unverified')).waitFor()
    await person.dialog.getByText(person.say('violation.challenge_status')).waitFor()
    expect(await person.dialog.textContent()).not.toContain('internal text')
    const [made] = await subscriptionsOf(key.clientId)
    id = made?.id ?? ''
    expect(made).toEqual({
      id: expect.any(String),
      state: 'UNVERIFIED',
      reach: 'CLIENT',
      method: 'PUSH',
      url: receiver.url,
      kinds: ['UPDATED', 'REVERTED', 'SECRET_REFRESHED', 'DELETED'],
      generation: 1,
    })
    expect(receiver.messages.map((message) => verify(message, secret))).toEqual([{ byLibrary: true, byCrypto: true }])
    expect((await tracesOf(person.page, secret)).values).toBe(1)
  })

  test('leaves the secret nowhere, and lands on the subscription', async () => {
    await person.button('console.close', person.dialog).click()
    await person.page.waitForURL(`${at.url}/console/events/${id}`)
    await sees(person.say('console.events.trouble.UNVERIFIED'))
    await expectNoTrace(person.page, secret)
  })

  test('verifies again: reads why it failed, then that the server has answered', async () => {
    answer = () => [200, 'not the challenge']
    await person.button('console.events.verify').click()
    await note(person.say('console.events.verify.refused')).getByText(person.say('violation.challenge_echo')).waitFor()
    expect((await subscription())?.state).toBe('UNVERIFIED')
    answer = (challenge) => [200, challenge ?? '']
    await person.button('console.events.verify').click()
    await note(person.say('console.events.verified')).waitFor()
    await sees(person.say('console.events.state.ACTIVE'))
    expect((await subscription())?.state).toBe('ACTIVE')
    await expect.poll(person.focus).toContain(person.say('console.events.verify'))
  })

  test('sees the delivery of a change that another program made', async () => {
    await stored.writePast('https://borys.medsestra.example/told')
    await expect.poll(() => events().length, { timeout: 60_000 }).toBe(1)
    const [event] = events()
    expect(event && verify(event, secret)).toEqual({ byLibrary: true, byCrypto: true })
    await refreshesUntil(person.say('console.events.delivery.state.DELIVERED'))
    await expect.poll(() => deliveries().first().textContent()).toContain(event?.id)
    await expect.poll(() => deliveries().first().textContent()).toContain('HTTP 200')
  })

  test('pauses and resumes: the event waits, and then arrives', async () => {
    await person.button('console.events.pause').click()
    await sees(person.say('console.events.trouble.PAUSED'))
    expect((await subscription())?.state).toBe('PAUSED')
    await expect.poll(person.focus).toContain(person.say('console.events.resume'))
    await stored.writePast('https://borys.medsestra.example/waits')
    await refreshesUntil(person.say('console.events.delivery.state.PENDING'))
    expect(events()).toHaveLength(1)
    await person.page.keyboard.press('Shift+Tab')
    await person.button('console.events.resume').click()
    await expect.poll(() => events().length, { timeout: 60_000 }).toBe(2)
    expect((await subscription())?.state).toBe('ACTIVE')
  })

  test('filters what was given up, by an address that Back keeps, and sends it again with its id', async () => {
    await refreshesUntil(person.say('console.events.delivery.state.DELIVERED'), 2)
    await at.database.query(
      `UPDATE event_deliveries SET state = 'DEAD', attempts = 10, last_status = 500, last_failure = 'status'
        WHERE subscription_id = $1`,
      [id],
    )
    await person.page.getByLabel(person.say('console.events.delivery.state')).selectOption('DEAD')
    await person.page.waitForURL(/state=DEAD/)
    await expect.poll(() => deliveries().count()).toBe(2)
    const row = deliveries().filter({ hasText: person.say('console.events.failure.status') })
    expect(await row.first().textContent()).toContain('HTTP 500')
    const before = events().map((event) => event.id)
    await person.button('console.events.replay', row.first()).click()
    const connection = person.dialog.getByLabel(person.say('console.events.replay.connection'))
    await expect.poll(() => connection.inputValue()).toBe(key.connectionId)
    await connection.press('Enter')
    await expect.poll(() => person.dialog.locator('.note.good').count()).toBe(1)
    await expect.poll(() => person.focus()).toContain(person.say('console.close'))
    await person.page.keyboard.press('Enter')
    await expect
      .poll(
        () =>
          events()
            .slice(2)
            .map((event) => event.id),
        { timeout: 60_000 },
      )
      .toEqual(expect.arrayContaining(before))
    await person.page.goBack()
    await person.page.waitForURL((url) => !url.search.includes('state'))
  })

  test('sends the events of a time in Kyiv again, and reads why a time is none', async () => {
    await person.button('console.events.replay', person.page.locator('.act')).click()
    const [from, to] = [
      person.dialog.getByLabel(person.say('console.events.replay.from')),
      person.dialog.getByLabel(person.say('console.events.replay.to')),
    ]
    const send = person.button('console.events.replay', person.dialog)
    await from.fill('')
    await send.click()
    await person.dialog.getByText(person.say('console.events.replay.noTime')).waitFor()
    await from.fill('2026-11-27T10:00')
    await to.fill('2026-11-27T09:00')
    await send.click()
    await person.dialog.getByText(person.say('violation.time_order')).waitFor()
    await from.fill('2001-07-01T00:00')
    await to.fill('2001-07-02T00:00')
    const sent = person.page.waitForRequest((request) => request.postData()?.includes('2001-06-30') === true)
    await send.click()
    expect((await sent).postDataJSON().variables.input).toEqual({
      id,
      from: '2001-06-30T21:00:00.000Z',
      to: '2001-07-01T21:00:00.000Z',
    })
    await person.dialog.getByText(person.say('console.events.replay.done', { count: 0 })).waitFor()
    await person.button('console.close', person.dialog).click()
    await expect.poll(person.focus).toContain(person.say('console.events.replay'))
  })

  test('makes a new key after a confirmation, and sees the secret once', async () => {
    await person.button('console.events.rotate').click()
    await person.dialog.getByText(person.say('console.events.rotate.text')).waitFor()
    expect((await subscription())?.generation).toBe(1)
    await person.button('console.events.rotate.do', person.dialog).dblclick()
    const next = await takesSecret()
    expect(next).not.toBe(secret)
    expect((await subscription())?.generation).toBe(2)
    const sent = events().length
    await stored.writePast('https://borys.medsestra.example/rotated')
    await expect.poll(() => events().length, { timeout: 60_000 }).toBeGreaterThan(sent)
    const latest = events().at(-1)
    for (const each of [secret, next])
      expect(latest && verify(latest, each)).toEqual({ byLibrary: true, byCrypto: true })
    await person.page.goto(`${at.url}/health/live`)
    await person.page.goBack()
    await person.heading.waitFor()
    await expect.poll(() => person.dialog.count()).toBe(0)
    await expectNoTrace(person.page, next)
  })

  test('sees on the list and on its page that a server fails, and that a subscription is off', async () => {
    await at.database.query(
      `UPDATE event_subscriptions SET state = 'OFF', failing_since = '2026-11-20 21:30:00Z' WHERE id = $1`,
      [id],
    )
    await person.opens('/console/events')
    await note(person.say('console.events.trouble.some', { count: 1 })).waitFor()
    const row = person.page.locator('table.subscriptions tbody tr')
    await expect.poll(() => row.textContent()).toContain(person.say('console.events.state.OFF'))
    await expect.poll(() => row.textContent()).toContain('23:30')
    await row.getByRole('link').click()
    await note(person.say('console.events.trouble.OFF')).waitFor()
    const replay = person.button('console.events.replay', person.page.locator('.act'))
    await expect.poll(() => replay.getAttribute('aria-disabled')).toBe('true')
    await person.button('console.events.verify').click()
    await note(person.say('console.events.verified.replay')).getByRole('button').click()
    const from = person.dialog.getByLabel(person.say('console.events.replay.from'))
    await expect.poll(() => from.inputValue()).toBe('2026-11-20T23:30')
    await person.button('console.cancel', person.dialog).click()
    await at.database.query('UPDATE event_subscriptions SET failing_since = now() WHERE id = $1', [id])
    await person.button('console.events.refresh').click()
    await note(person.say('console.events.trouble.failing.text')).waitFor()
  })

  test('learns that somebody else has changed the state meanwhile', async () => {
    await at.database.query("UPDATE event_subscriptions SET state = 'OFF' WHERE id = $1", [id])
    await person.button('console.events.pause').click()
    await note(person.say('outcome.subscriptionState')).waitFor()
    await sees(person.say('console.events.state.OFF'))
  })

  test('deletes after a confirmation that names the target, and lands on the list', async () => {
    await person.button('console.events.delete').click()
    await person.dialog.waitFor()
    await person.page.keyboard.press('Escape')
    await person.dialog.waitFor({ state: 'detached' })
    expect(await subscription()).toBeDefined()
    await person.button('console.events.delete').click()
    expect(await person.dialog.locator('.uri').textContent()).toBe(receiver.url)
    await person.button('console.events.delete.do', person.dialog).dblclick()
    await sees(person.say('console.events.none'))
    expect(await subscription()).toBeUndefined()
    await expect.poll(() => person.heading.evaluate((element) => element === document.activeElement)).toBe(true)
    await person.opens(`/console/events/${id}`)
    await sees(person.say('console.events.absent'))
  })

  test('subscribes without a server, and reads where the events are fetched', async () => {
    await person.opens('/console/events/new')
    await person.page.getByRole('radio', { name: person.say('console.events.method.POLL') }).check()
    await expect.poll(() => target().count()).toBe(0)
    await person.button('console.events.create').click()
    await sees(person.say('console.events.poll.title'))
    const [made] = await subscriptionsOf(key.clientId)
    expect(made).toMatchObject({ method: 'POLL', state: 'ACTIVE', url: null })
    expect(await person.page.locator('main').textContent()).toContain(`/api/event-subscriptions/${made?.id}/events`)
    expect(await person.page.getByRole('button', { name: person.say('console.events.verify') }).count()).toBe(0)
  })

  test('without the scope sees no link, and reads a plain sentence at the address', async () => {
    const other = await at.person({ as: 'mis' })
    for (const path of ['/console/events', '/console/events/new', `/console/events/${id}`]) {
      await other.opens(path)
      await other.page.getByText(other.say('console.failure.scope', { scope: 'event:manage' })).waitFor()
      expect(await other.page.getByRole('link', { name: other.say('console.events'), exact: true }).count()).toBe(0)
    }
  })

  test('as an administrator sees the subscriptions of all clients, and subscribes one that was chosen', async () => {
    await insertSubscription(at.database, { ownerClientId: demo.pharmacy.clientId, reach: 'CLIENT' })
    const admin = await at.person({ as: 'admin' })
    await admin.page.getByRole('link', { name: admin.say('console.events'), exact: true }).click()
    const rows = admin.page.locator('table.subscriptions tbody tr')
    await expect.poll(() => rows.count()).toBe(2)
    await rows.filter({ hasText: 'Клініка «Борис»' }).waitFor()
    await admin.page.getByLabel(admin.say('console.events.ofWhom')).fill('борис')
    await admin.page.locator('.choice').getByRole('link', { name: 'Клініка «Борис»' }).click()
    await admin.heading.filter({ hasText: 'Клініка «Борис»' }).waitFor()
    await expect.poll(() => rows.count()).toBe(1)
    await admin.page.getByRole('link', { name: admin.say('console.events.new') }).click()
    await admin.page.getByRole('radio', { name: admin.say('console.events.method.POLL') }).check()
    expect(await admin.page.getByText(admin.say('console.events.reach.ALL'), { exact: true }).count()).toBe(0)
    await admin.button('console.events.create').click()
    await admin.heading.filter({ hasText: admin.say('console.events.subscription') }).waitFor()
    await expect.poll(async () => (await subscriptionsOf(key.clientId)).length).toBe(2)

    await admin.opens('/console/events/new')
    await admin.page.getByRole('radio', { name: admin.say('console.events.reach.ALL'), exact: true }).waitFor()
    await admin.page.getByRole('radio', { name: admin.say('console.events.method.POLL') }).check()
    await admin.button('console.events.create').click()
    await expect.poll(() => subscriptionsOf(demo.admin.clientId)).toMatchObject([{ reach: 'ALL', method: 'POLL' }])
  })
})

describe.skipIf(isWithoutBrowser())('a person at a gateway that sends no events', patience, () => {
  const at = useConsole()

  test('reads that the operator has to switch them on', async () => {
    const person = await at.person({ as: 'clinic', language: 'en' })
    for (const path of ['/console/events', '/console/events/c0ffee00-0000-4000-8000-000000000000']) {
      await person.opens(path)
      await person.page.getByText(person.say('outcome.eventsOff')).waitFor()
    }
  })
})
