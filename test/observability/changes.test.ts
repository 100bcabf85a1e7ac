import { expect, test } from 'vitest'
import { createExposition } from '../../src/observability/exposition.ts'
import { createMeter } from '../../src/observability/meter.ts'
import { observeChanges } from '../../src/observability/observe-changes.ts'
import { parsePrometheus } from '../support/prometheus.ts'

const change = {
  kind: 'UPDATED',
  door: 'REST',
  clientId: 'e1bd4a7a-2aaa-4f0f-8c9f-6d1d4b1f0f00',
  connectionId: '3f1a4a7a-2aaa-4f0f-8c9f-6d1d4b1f0f01',
  connectionClientId: '7c2a4a7a-2aaa-4f0f-8c9f-6d1d4b1f0f02',
  requestId: 'a-request',
} as const

test('each change adds one to its kind and door, and every series begins with 0', async () => {
  const meter = createMeter()
  const observe = observeChanges(meter, { info() {} })
  observe(change)
  observe(change)
  observe({ ...change, kind: 'DELETED', door: 'GRAPHQL' })
  const exposition = createExposition({
    counts: meter.counts,
    database: () => ({ inUse: 0, idle: 0, waiting: 0, shed: {} }),
    keys: () => ({ ageMs: null, failedFetches: 0 }),
    events: null,
  })
  const samples = parsePrometheus(await exposition.render()).get('gateway_changes_total')?.samples ?? []
  exposition.close()
  expect(
    Object.fromEntries(samples.map(({ labels, value }) => [`${labels['kind']} ${labels['door']}`, value])),
  ).toEqual({
    'UPDATED GRAPHQL': 0,
    'UPDATED REST': 2,
    'REVERTED GRAPHQL': 0,
    'REVERTED REST': 0,
    'SECRET_REFRESHED GRAPHQL': 0,
    'SECRET_REFRESHED REST': 0,
    'DELETED GRAPHQL': 1,
    'DELETED REST': 0,
  })
})

test('each change writes one line, which names caller, connection and request, and holds nothing else', () => {
  const lines: unknown[] = []
  const observe = observeChanges(createMeter(), { info: (...line) => lines.push(line) })
  observe({ ...change, redirectUri: 'https://example.ua/?code=secret' } as typeof change)
  expect(lines).toEqual([[change, 'change']])
})
