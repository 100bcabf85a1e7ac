import { createRedirectUriParser } from '../../../src/domain/redirect-uri-parser.ts'
import type { WarningId } from '../../../src/domain/redirect-uri-warnings.ts'
import { groups } from '../../domain/redirect-uri-table.ts'

const parse = createRedirectUriParser('strict')

/** Every value of the table of redirect URIs, once. */
export const table: readonly string[] = [
  ...new Set(Object.values(groups).flatMap((cases) => cases.map(([, value]) => value))),
]

/** A text field of a browser holds no line break, and no DevTools message holds half a surrogate pair. */
const canBeTyped = (value: string) => !/[\r\n]|\p{Cs}/u.test(value)

/** For each reason of a violation the value of the table that breaks the fewest rules beside it. */
export function violatingValues(): ReadonlyMap<string, string> {
  const values = new Map<string, { value: string; rules: number }>()
  for (const value of table.filter(canBeTyped)) {
    const result = parse(value)
    if (result.ok) continue
    for (const { id } of result.violations)
      if (result.violations.length < (values.get(id)?.rules ?? 99))
        values.set(id, { value, rules: result.violations.length })
  }
  return new Map([...values].map(([id, { value }]) => [id, value]))
}

/** A value for each warning that a person must confirm, other than those about the stored value alone. */
export const warningValues: Readonly<Partial<Record<WarningId, string>>> = {
  host_changed: 'https://another.example.ua/cb',
  port_given: 'https://mis.example.ua:8443/openemr/interface/ehealth/auth.php',
  ip_host: 'https://193.0.2.10/cb',
  internationalized_host: 'https://клініка.укр/callback',
  mixed_alphabets: 'https://b\u{43e}rys.medsestra.example/cb',
  mixed_alphabets_unnamed: 'https://b\u{10330}rys.example/cb',
  looks_latin: 'https://\u{441}\u{43e}\u{43e}\u{440}\u{435}.example/cb',
  several_values: 'https://borys.medsestra.example/cb,https://mis.example.ua/cb',
  answer_parameters: 'https://example.com?code=1',
  empty_query: 'https://example.com/cb?',
}
