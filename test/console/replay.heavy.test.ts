import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { eventsOnLoopback } from './support/events-on-loopback.ts'
import type { Person } from './support/person.ts'

// One replay queues 10,000 events at most. The console goes on until everything that was asked for is queued.

const environment = await eventsOnLoopback()
const { clientId } = demo.msp
const changeCount = 25_000

describe.skipIf(isWithoutBrowser())('a person who replays many events', patience, () => {
  const at = useConsole(environment)
  let id: string
  beforeAll(async () => {
    // Events are off, so these changes are queued by a replay only.
    await at.database.query(
      `INSERT INTO connection_changes (connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door,
                                       changed_at)
       SELECT gen_random_uuid(), $1, 'UPDATED', 'https://before.example.ua/', 'https://after.example.ua/', 'EXTERNAL',
              '2020-06-15 12:00:00Z'
         FROM generate_series(1, ${changeCount})`,
      [clientId],
    )
    await at.database.query(switchOn)
    id = await insertSubscription(at.database, { ownerClientId: clientId, reach: 'CLIENT', url: null })
  })

  const queued = async () =>
    (await at.database.query<{ count: number }>('SELECT count(*)::int FROM event_deliveries'))[0]?.count

  /** Opens the dialog, and asks for the whole day. */
  async function asks(person: Person): Promise<void> {
    await at.database.query('DELETE FROM event_deliveries')
    await person.opens(`/console/events/${id}`)
    await person.button('console.events.replay', person.page.locator('.act')).click()
    await person.dialog.getByLabel(person.say('console.events.replay.from')).fill('2020-06-15T00:00')
    await person.dialog.getByLabel(person.say('console.events.replay.to')).fill('2020-06-16T00:00')
    person.writes.length = 0
    await person.button('console.events.replay', person.dialog).click()
  }

  const sees = (person: Person, message: 'soFar' | 'done', count: number) =>
    person.dialog.locator('.note', { hasText: person.say(`console.events.replay.${message}`, { count }) }).waitFor()

  /** Lets the first portions through. The network breaks at each later one, or holds it back until it is released. */
  async function holdsReplays(person: Person, firstHeld: number, act: 'abort' | 'wait') {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    let portions = 0
    await person.page.route('**/graphql', async (route) => {
      const isReplay = route.request().postDataJSON()?.variables?.input?.from !== undefined
      if (isReplay) portions += 1
      if (!isReplay || portions < firstHeld) return route.continue()
      if (act === 'abort') return route.abort()
      await released
      return route.continue()
    })
    return release
  }

  test.each(['uk', 'en'] as const)(
    'sees the progress, and has all of them queued in portions (%s)',
    async (language) => {
      const person = await at.person({ as: 'clinic', language })
      const release = await holdsReplays(person, 2, 'wait')
      await asks(person)
      await sees(person, 'soFar', 10_000)
      await person.dialog.getByText(person.say('console.events.replay.more')).waitFor()
      await expect.poll(person.focus).toContain(person.say('console.events.replay.stop'))
      expect(await queued()).toBe(10_000)
      release()
      await sees(person, 'done', changeCount)
      expect(await queued()).toBe(changeCount)
      expect(person.writes).toEqual(Array(3).fill('ReplayEvents'))
      await expect.poll(person.focus).toContain(person.say('console.close'))
    },
  )

  test('keeps what was done when the network breaks, and goes on from there', async () => {
    const person = await at.person({ as: 'clinic' })
    await holdsReplays(person, 3, 'abort')
    await asks(person)
    await person.button('console.events.replay.goOn', person.dialog).waitFor()
    await sees(person, 'soFar', 20_000)
    await person.dialog.getByText(person.say('console.failure.NO_ANSWER')).waitFor()
    expect(at.takeComplaints()).toEqual([expect.stringContaining('ERR_FAILED')])
    expect(await queued()).toBe(20_000)
    await person.page.unrouteAll({ behavior: 'wait' })
    await person.button('console.events.replay.goOn', person.dialog).click()
    await sees(person, 'done', changeCount)
    expect(await queued()).toBe(changeCount)
    expect(person.writes).toEqual(Array(4).fill('ReplayEvents'))
  })

  test('stops it: what is queued stays, and no portion follows', async () => {
    const person = await at.person({ as: 'clinic' })
    const release = await holdsReplays(person, 2, 'wait')
    await asks(person)
    await sees(person, 'soFar', 10_000)
    await person.button('console.events.replay.stop', person.dialog).click()
    await person.dialog.waitFor({ state: 'detached' })
    release()
    // The second portion was on its way. A third one would follow within this time.
    await expect.poll(queued, { timeout: 30_000 }).toBe(20_000)
    await delay(2_000)
    expect(person.writes).toEqual(Array(2).fill('ReplayEvents'))
    expect(await queued()).toBe(20_000)
  })
})
