import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseDocument } from 'yaml'
import { UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import { outcomes } from '../../src/domain/errors.ts'
import { httpRefusals } from '../../src/server/http-refusals.ts'

const catalogue = { ...outcomes, ...httpRefusals }

import { startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { type MetricFamily, parsePrometheus } from '../support/prometheus.ts'
import { parseExpression } from '../support/promql.ts'

// Alert rules and dashboard ask for what a running gateway really exports: a metric with another name would never fire.

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook: string }
}

interface Panel {
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig: { readonly defaults: { readonly unit: string } }
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
const rulesFile = parseDocument(read('ops/prometheus/alerts.yaml'))
const rules = rulesFile.toJS().groups.flatMap(({ rules }: { rules: Rule[] }) => rules) as Rule[]
const dashboard = JSON.parse(read('ops/grafana/gateway.json')) as {
  panels: Panel[]
  templating: { list: { name: string; type: string }[] }
}

/** Grafana puts a duration in the place of this one. */
const filledIn = (expression: string) => expression.replaceAll('$__rate_interval', '5m')
const ofPanels = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, filledIn(expr)] as const),
)
const expressions = [...rules.map(({ alert, expr }) => [alert, expr] as const), ...ofPanels]

/** What Prometheus itself adds to every sample of a target. */
const targetLabels = ['job', 'instance']

let gateway: TestGateway
let families: Map<string, MetricFamily>
beforeAll(async () => {
  gateway = await startTestGateway({
    EVENTS: 'on',
    EVENT_SIGNING_KEY: 'a'.repeat(43),
    EVENTS_ENGINE: 'nats',
    // Nobody listens there.
    EVENTS_NATS_URL: 'nats://127.0.0.1:1',
  })
  const fixture = await gateway.connection()
  const token = gateway.issuer.mint(writer(fixture.clientId))
  await gateway.patch(fixture.path, { redirect_uri: 'https://rest.example.ua/' }, token)
  await gateway.patch(fixture.path, { redirect_uri: 'https://rest.example.ua/' }, 'no-token')
  const input = {
    clientId: fixture.clientId,
    connectionId: fixture.connectionId,
    redirectUri: 'https://graphql.example.ua/',
  }
  await gateway.graphql(UpdateClientConnectionDocument, { input }, token)
  await gateway.app.inject({ url: '/nowhere' })
  // A gateway that listens counts the backlog of events.
  await gateway.listen()
  await vi.waitFor(async () => {
    families = parsePrometheus((await gateway.app.inject({ url: '/metrics' })).body)
    expect(samplesOf('gateway_events_oldest_seconds')).toHaveLength(1)
  }, 30_000)
})
afterAll(() => gateway.close())

/** The samples of a metric; of a histogram, those of its part. */
const samplesOf = (metric: string) =>
  [...families.values()].flatMap(({ samples }) => samples).filter(({ name }) => name === metric)
const labelsOf = (metric: string) => [...new Set(samplesOf(metric).flatMap(({ labels }) => Object.keys(labels)))]

/**
 * Values of a label that come only when something goes wrong are those of the catalogue; all others are there from the
 * start.
 */
const valuesOf = (metric: string, label: string) => [
  ...samplesOf(metric).map(({ labels }) => labels[label] ?? ''),
  ...(label === 'code' ? Object.values(catalogue).map(({ code }) => code) : []),
  ...(label === 'rule' ? [...Object.keys(catalogue), 'authentication:signature', 'authentication:unknown_key'] : []),
]

describe('each expression', () => {
  test.each(expressions)('each expression of %s is PromQL about metrics of the gateway: %s', (_name, expression) => {
    const { selectors, groupings } = parseExpression(expression)
    expect(selectors.length).toBeGreaterThan(0)
    for (const { metric, matchers } of selectors) {
      expect(samplesOf(metric), metric).not.toEqual([])
      for (const { label, operator, value } of matchers) {
        expect(labelsOf(metric), metric).toContain(label)
        const fits = (known: string) =>
          operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(known) : known === value
        expect(valuesOf(metric, label).filter(fits), `${metric}{${label}${operator}"${value}"}`).not.toEqual([])
      }
    }
    const known = [...selectors.flatMap(({ metric }) => labelsOf(metric)), ...targetLabels]
    expect(groupings.filter((label) => !known.includes(label))).toEqual([])
  })

  test('a wrong expression is found', () => {
    expect(() => parseExpression('sum by (door (rate(gateway_requests_total[5m]))')).toThrow('no PromQL')
    expect(() => parseExpression('rate(gateway_requests_total{code=OK}[5m])')).toThrow('no PromQL')
    expect(parseExpression('sum by (door) (gateway_requests_total{code!="OK"})')).toEqual({
      selectors: [{ metric: 'gateway_requests_total', matchers: [{ label: 'code', operator: '!=', value: 'OK' }] }],
      groupings: ['door'],
    })
    expect(samplesOf('gateway_request_total')).toEqual([])
  })

  test('the expressions together use every metric of the gateway', () => {
    const used = expressions.flatMap(([, expression]) =>
      parseExpression(expression).selectors.map(({ metric }) => metric),
    )
    const ours = [...families.keys()].filter((name) => name.startsWith('gateway_'))
    expect(ours.filter((name) => !used.some((metric) => metric === name || metric === `${name}_bucket`))).toEqual([])
    expect(ours.length).toBeGreaterThan(8)
  })
})

describe('each alert', () => {
  test('the YAML of the alerts is valid, and each alert has a name of its own', () => {
    expect([...rulesFile.errors, ...rulesFile.warnings]).toEqual([])
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  })

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says how bad it is, what it is, and where it is written what to do',
    (name, rule) => {
      expect(Object.keys(rule)).toEqual(['alert', 'expr', 'for', 'labels', 'annotations'])
      expect(rule.for).toMatch(/^\d+m$/)
      expect(['critical', 'warning', 'info']).toContain(rule.labels.severity)
      expect(rule.annotations).toEqual({
        summary: expect.stringMatching(/^.{20,}$/),
        runbook: `ops/README.md#${name.toLowerCase()}`,
      })
      expect(read('ops/README.md')).toMatch(new RegExp(`^#+ ${name}\\n\\n[^#\\n]{20,}`, 'm'))
      // What a summary puts in has to be left over by the expression.
      const { groupings, selectors } = parseExpression(rule.expr)
      const left = /\bby \(/.test(rule.expr)
        ? groupings
        : [...selectors.flatMap(({ metric }) => labelsOf(metric)), ...targetLabels]
      for (const [, label] of rule.annotations.summary.matchAll(/\$labels\.(\w+)/g)) expect(left).toContain(label)
    },
  )

  test('every heading of the runbook is the name of an alert', () => {
    const runbook = /^## When an alert fires$(.*?)(?=^## |(?![\s\S]))/ms.exec(read('ops/README.md'))?.[1] ?? ''
    expect([...runbook.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading)).toEqual(rules.map(({ alert }) => alert))
  })
})

describe('the dashboard', () => {
  test('each panel of the dashboard has a title, a unit and a query, and the data source can be chosen', () => {
    for (const { title, type, fieldConfig, targets } of dashboard.panels) {
      expect([title, type, fieldConfig.defaults.unit, targets.length]).toEqual([
        expect.stringMatching(/./),
        'timeseries',
        expect.stringMatching(/^(short|s|reqps|bytes)$/),
        expect.any(Number),
      ])
      expect(targets.length, title).toBeGreaterThan(0)
    }
    expect(dashboard.templating.list).toMatchObject([{ name: 'datasource', type: 'datasource' }])
    const others = JSON.stringify(dashboard).match(/\$\{?(?!__rate_interval|datasource)\w+/g)
    expect(others).toBeNull()
  })

  test('no panel of the dashboard covers another or is wider than the page', () => {
    const cells = dashboard.panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
      expect(x + w, title).toBeLessThanOrEqual(24)
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`)
    })
    expect(new Set(cells).size).toBe(cells.length)
  })
})
