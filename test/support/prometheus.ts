import { expect } from 'vitest'

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: Sample[]
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y
const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  labelPair.lastIndex = 0
  while (labelPair.lastIndex < text.length) {
    const [, name = '', value = ''] = labelPair.exec(text) ?? expect.fail(`no label pairs: ${text}`)
    expect(labels, `a label twice: ${text}`).not.toHaveProperty(name)
    labels[name] = value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character))
  }
  return labels
}

function numberOf(text: string): number {
  // Prometheus reads numbers as Go does; the library writes one that is none as `Nan`.
  if (text === 'Nan') return Number.NaN
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  expect(text).toMatch(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/)
  return Number(text)
}

/**
 * Parses Prometheus' text format 0.0.4, strictly: help and type come once and before the samples, samples of one metric
 * stand together, no series is there twice, buckets of a histogram grow and end with the count.
 */
export function parsePrometheus(text: string): Map<string, MetricFamily> {
  expect(text.endsWith('\n')).toBe(true)
  const families = new Map<string, MetricFamily>()
  const seen = new Set<string>()
  let current: MetricFamily | undefined
  let help: readonly [name: string, text: string] | undefined
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') help = [name, rest]
    else if (kind === 'TYPE') {
      expect(help?.[0], line).toBe(name)
      expect(families.has(name), line).toBe(false)
      expect(['counter', 'gauge', 'histogram', 'summary']).toContain(rest)
      current = { name, type: rest, help: help?.[1] ?? '', samples: [] }
      families.set(name, current)
    } else {
      const [, sample = '', labels = '', value = ''] = sampleLine.exec(line) ?? expect.fail(`not a sample: ${line}`)
      expect(
        (suffixes[current?.type ?? ''] ?? ['']).map((suffix) => `${current?.name}${suffix}`),
        line,
      ).toContain(sample)
      const parsed = { name: sample, labels: labelsOf(labels), value: numberOf(value) }
      const identity = JSON.stringify([sample, Object.entries(parsed.labels).sort()])
      expect(seen.has(identity), `twice: ${line}`).toBe(false)
      seen.add(identity)
      current?.samples.push(parsed)
    }
  }
  for (const family of families.values()) if (family.type === 'histogram') expectGrowingBuckets(family)
  return families
}

function expectGrowingBuckets({ name, samples }: MetricFamily): void {
  const last = new Map<string, Sample>()
  for (const sample of samples) {
    const { le, ...labels } = sample.labels
    const series = JSON.stringify(Object.entries(labels).sort())
    const before = last.get(series)
    if (sample.name === `${name}_bucket`) {
      const bound = numberOf(le ?? expect.fail('a bucket without le'))
      expect(bound).toBeGreaterThan(
        before === undefined ? Number.NEGATIVE_INFINITY : numberOf(before.labels['le'] ?? ''),
      )
      expect(sample.value).toBeGreaterThanOrEqual(before?.value ?? 0)
      last.set(series, sample)
    } else if (sample.name === `${name}_count`) {
      expect(before?.labels['le']).toBe('+Inf')
      expect(sample.value).toBe(before?.value)
    }
  }
}
