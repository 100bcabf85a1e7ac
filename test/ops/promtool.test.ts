import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startTestGateway, writer } from '../support/gateway.ts'
import { findProgram, isMissing } from '../support/programs.ts'

const rules = join(import.meta.dirname, '../../ops/prometheus/alerts.yaml')

/** Prometheus' own judge (Debian: apt-get install prometheus). */
const promtool = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(findProgram('promtool') ?? 'promtool', args, {
    input,
    encoding: 'utf8',
  })
  return { status, said: `${stdout}${stderr}` }
}

describe.skipIf(isMissing('promtool'))('promtool', () => {
  test('promtool has no complaint about the metrics of a used gateway', async () => {
    const gateway = await startTestGateway()
    try {
      const { clientId, path } = await gateway.connection()
      const token = gateway.issuer.mint(writer(clientId))
      await gateway.patch(path, { redirect_uri: 'https://after.example.ua/' }, token)
      await gateway.patch(path, { redirect_uri: 'https://after.example.ua/' }, null)
      const { body } = await gateway.app.inject('/metrics')
      expect(promtool(['check', 'metrics'], body)).toEqual({ status: 0, said: '' })
    } finally {
      await gateway.close()
    }
  })

  test('promtool accepts the alert rules', () => {
    expect(promtool(['check', 'rules', rules])).toEqual({
      status: 0,
      said: expect.stringMatching(/SUCCESS: \d+ rules/),
    })
  })

  test.each([
    ['has gone', '1 1 1 _x12', '1x14', 1],
    ['runs', '1x14', '1x14', 0],
    ['was never there, nor NATS', '_x14', '_x14', 0],
  ])('where the gateway that hands over %s, GatewayEventsNotHandedOver fires so', (_what, backlog, broker, count) => {
    const exp_labels = { severity: 'critical' }
    const summary = '1 gateways use NATS, and none of them hands events over: every change waits'
    const exp_annotations = { summary, runbook: 'ops/README.md#gatewayeventsnothandedover' }
    const alert = {
      alertname: 'GatewayEventsNotHandedOver',
      eval_time: '14m',
      exp_alerts: Array(count).fill({ exp_labels, exp_annotations }),
    }
    const input_series = [
      { series: 'gateway_events_oldest_seconds{instance="publish"}', values: backlog },
      { series: 'gateway_events_broker_connected{instance="deliver"}', values: broker },
    ]
    const directory = mkdtempSync(join(tmpdir(), 'mithril-connection-gateway-rules-'))
    try {
      const file = join(directory, 'test.yaml')
      const tests = [{ interval: '1m', input_series, alert_rule_test: [alert] }]
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests }))
      expect(promtool(['test', 'rules', file])).toEqual({ status: 0, said: expect.stringContaining('SUCCESS') })
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('promtool finds a label that belongs to summaries', () => {
    const bad = '# HELP a A gauge.\n# TYPE a gauge\na{quantile="0.5"} 1\n'
    expect(promtool(['check', 'metrics'], bad)).toMatchObject({ status: 3 })
  })
})
