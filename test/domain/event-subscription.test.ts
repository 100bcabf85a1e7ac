import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeKinds } from '../../src/domain/connection-change.ts'
import { eventReaches, receives } from '../../src/domain/event-subscription.ts'

const [owner, other, third] = ['owner', 'other', 'third'] as const
const subscription = { state: 'ACTIVE', kinds: changeKinds, reach: 'CLIENT', ownerClientId: owner } as const
const change = { kind: 'UPDATED', clientId: owner, consumerId: other } as const

describe('a subscription receives', () => {
  test.each([
    ['as the client, a change of its connection', subscription, change, true],
    [
      'as the client, nothing where it is the consumer',
      subscription,
      { ...change, clientId: other, consumerId: owner },
      false,
    ],
    [
      'as the consumer, a change where it is the consumer',
      { ...subscription, reach: 'CONSUMER' },
      { ...change, clientId: other, consumerId: owner },
      true,
    ],
    ['as the consumer, nothing where it is the client', { ...subscription, reach: 'CONSUMER' }, change, false],
    [
      'as the consumer, nothing of a row without consumer',
      { ...subscription, reach: 'CONSUMER' },
      { ...change, consumerId: null },
      false,
    ],
    ['with the reach ALL, a change of others', { ...subscription, reach: 'ALL' }, { ...change, clientId: third }, true],
    ['while it is paused, a change that waits', { ...subscription, state: 'PAUSED' }, change, true],
    ['before it is verified, nothing', { ...subscription, state: 'UNVERIFIED' }, change, false],
    ['while it is off, nothing', { ...subscription, state: 'OFF' }, change, false],
    ['no kind that it does not want', { ...subscription, kinds: ['DELETED'] }, change, false],
    ['no kind that is no event', subscription, { ...change, kind: 'TRUNCATED' }, false],
  ] as const)('%s', (_case, of, what, expected) => expect(receives(of, what)).toBe(expected))

  test('nothing of connections that are not its owner’s, unless its reach is ALL', () => {
    const client = fc.constantFrom(owner, other, third)
    const reach = fc.constantFrom(...eventReaches)
    fc.assert(
      fc.property(
        reach,
        fc.constantFrom(...changeKinds),
        client,
        fc.option(client),
        (reach, kind, clientId, consumerId) => {
          const isReceived = receives({ ...subscription, reach }, { kind, clientId, consumerId })
          return !isReceived || reach === 'ALL' || clientId === owner || consumerId === owner
        },
      ),
    )
  })
})
