import { type GraphQLSchema, validate } from 'graphql'
import { exceededLimits } from './document-limits/document-size.ts'
import { parseWithinLimits } from './document-limits/limits.ts'

/** The reason why the gateway would refuse a document, or null. */
function refusalOf(schema: GraphQLSchema, text: string): string | null {
  try {
    const document = parseWithinLimits(text)
    const [first] = [...exceededLimits(document), ...validate(schema, document, undefined, { maxErrors: 1 })]
    return first?.message ?? null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * The documents of a manifest that the gateway would refuse, each with the first reason. An admin UI of an earlier
 * release can have such a document; its other documents still work.
 */
export function checkManifest(
  schema: GraphQLSchema,
  manifest: Readonly<Record<string, string>>,
): { readonly id: string; readonly reason: string }[] {
  return Object.entries(manifest).flatMap(([id, text]) => {
    const reason = refusalOf(schema, text)
    return reason === null ? [] : [{ id, reason }]
  })
}
