import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeKinds } from '../../src/domain/connection-change.ts'
import { cloudEventOf, type EventChange, eventIdOf, numberOfEventId } from '../../src/domain/event.ts'

const source = 'https://gateway.example.ua'
const change: EventChange = {
  number: '4711',
  kind: 'UPDATED',
  connectionId: 'df9f70ee-4b12-4740-b0f5-bb5aea116863',
  clientId: 'c4a6d45f-2cf2-4e6d-909a-5962604ad63b',
  consumerId: '7cc91a5d-c02f-41e9-b571-1ea4f2375552',
  version: 3,
  before: 'https://example2.com',
  after: 'https://example3.com',
  door: 'REST',
  requestId: 'request-1',
  changedAt: '2026-11-27T12:00:00.123456Z',
  previous: '4000',
}

describe('the event of a change', () => {
  test('is a CloudEvent with the values of the audit', () => {
    expect(JSON.parse(cloudEventOf(change, source))).toEqual({
      specversion: '1.0',
      id: 'chg_4711',
      source,
      type: 'ua.ehealth.mithril.connection.redirect_uri_changed',
      subject: change.connectionId,
      time: '2026-11-27T12:00:00.123456Z',
      datacontenttype: 'application/json',
      sequence: '0000000000000004711',
      previous: 'chg_4000',
      data: {
        connectionId: change.connectionId,
        clientId: change.clientId,
        consumerId: change.consumerId,
        version: 3,
        before: 'https://example2.com',
        after: 'https://example3.com',
        door: 'REST',
        requestId: 'request-1',
      },
    })
  })

  test('has no `previous` if it is the first one', () => {
    expect(JSON.parse(cloudEventOf({ ...change, previous: null }, source))).not.toHaveProperty('previous')
  })

  test('has names of attributes that CloudEvents allows, and no attribute that is null', () => {
    const { data: _, ...attributes } = JSON.parse(cloudEventOf(change, source)) as Record<string, unknown>
    expect(
      Object.entries(attributes).filter(([name, value]) => !/^[a-z0-9]{1,20}$/.test(name) || value === null),
    ).toEqual([])
  })

  test('has a type of its own for each kind', () => {
    const types = changeKinds.map((kind) => JSON.parse(cloudEventOf({ ...change, kind }, source)).type as string)
    expect(types).toEqual(
      ['created', 'redirect_uri_changed', 'reverted', 'secret_refreshed', 'moved', 'deleted'].map(
        (word) => `ua.ehealth.mithril.connection.${word}`,
      ),
    )
  })

  test('has a sequence that compares as text as its number does', () => {
    const number = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n })
    const sequenceOf = (n: bigint) =>
      JSON.parse(cloudEventOf({ ...change, number: String(n) }, source)).sequence as string
    fc.assert(fc.property(number, number, (a, b) => a < b === sequenceOf(a) < sequenceOf(b)))
  })
})

describe('an event id', () => {
  test.each(['1', '4711', '9223372036854775807'])('of the number %s is read back', (number) =>
    expect(numberOfEventId(eventIdOf(number))).toBe(number),
  )

  test.each(['', 'chg_', 'chg_0', 'chg_01', 'chg_-1', 'chg_1 ', 'CHG_1', 'chg_1e3', `chg_${'9'.repeat(20)}`, '1'])(
    'is not %j',
    (text) => expect(numberOfEventId(text)).toBe(null),
  )
})
