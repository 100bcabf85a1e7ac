import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startTestGateway, writer } from '../support/gateway.ts'
import { findProgram, isMissing } from '../support/programs.ts'

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
    const rules = join(import.meta.dirname, '../../ops/prometheus/alerts.yaml')
    expect(promtool(['check', 'rules', rules])).toEqual({
      status: 0,
      said: expect.stringMatching(/SUCCESS: \d+ rules/),
    })
  })

  test('promtool finds a label that belongs to summaries', () => {
    const bad = '# HELP a A gauge.\n# TYPE a gauge\na{quantile="0.5"} 1\n'
    expect(promtool(['check', 'metrics'], bad)).toMatchObject({ status: 3 })
  })
})
