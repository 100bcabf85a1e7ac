/** One way in which an input is not valid, in a form that both doors can render. */
export interface Violation {
  /**
   * Set where the member is no part of the request document but an argument that chooses or pages (REST: in the query
   * string).
   */
  readonly of?: 'argument'
  /**
   * Member names from the root of the request document, for example `['redirect_uri']`; empty for the document itself.
   */
  readonly path: readonly string[]
  /** The contract's name of the rule (`docs/platform.md` §2): what programs switch on. */
  readonly rule: 'required' | 'cast' | 'format' | 'length' | 'number'
  /** The sentence with `%{name}` in place of each parameter. */
  readonly rawDescription: string
  readonly params: Readonly<Record<string, string | number>>
}

/** The sentence of a violation with its parameters filled in. */
export function describeViolation({ rawDescription, params }: Violation): string {
  return rawDescription.replace(/%\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder))
}
