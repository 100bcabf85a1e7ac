import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  readonly metric: string
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[]
}

export interface Expression {
  readonly selectors: readonly Selector[]
  /** Labels that are grouped by or matched on. */
  readonly groupings: readonly string[]
}

/**
 * Parses an expression with the grammar of Prometheus' own user interface.
 * @throws Error with the text that is no PromQL
 */
export function parseExpression(text: string): Expression {
  const selectors: { metric: string; matchers: Selector['matchers'][number][] }[] = []
  const groupings: string[] = []
  parser.parse(text).iterate({
    enter({ type, name, from, to, node }) {
      if (type.isError)
        throw new Error(`no PromQL at "${text.slice(from, to) || text.slice(from, from + 20)}": ${text}`)
      if (name === 'VectorSelector') {
        const metric = node.getChild('Identifier')
        selectors.push({ metric: metric === null ? '' : text.slice(metric.from, metric.to), matchers: [] })
      }
      if (name === 'UnquotedLabelMatcher') {
        const [label = '', operator = '', value = '""'] = ['LabelName', 'MatchOp', 'StringLiteral'].map((child) => {
          const found = node.getChild(child)
          return found === null ? undefined : text.slice(found.from, found.to)
        })
        selectors.at(-1)?.matchers.push({ label, operator, value: value.slice(1, -1) })
      }
      if (name === 'LabelName' && node.parent?.name === 'GroupingLabels') groupings.push(text.slice(from, to))
    },
  })
  return { selectors, groupings }
}
