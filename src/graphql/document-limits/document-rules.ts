import { type DocumentNode, NoSchemaIntrospectionCustomRule, specifiedRules, validate } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import { exceededLimits } from './document-size.ts'
import { parseWithinLimits } from './limits.ts'

/** How many errors one request gets. More errors do not help the caller, and each costs CPU. */
export const maxRequestErrors = 10

/** The parsed documents that Yoga keeps, by their text. */
export class DocumentCache extends LRUCache<string, DocumentNode> {
  readonly #valid = new WeakSet<DocumentNode>()

  noteValid(document: DocumentNode): void {
    this.#valid.add(document)
  }

  /** The document of a text that has been parsed and found valid. */
  valid(text: string): DocumentNode | undefined {
    const document = this.get(text)
    return document !== undefined && this.#valid.has(document) ? document : undefined
  }
}

/**
 * Makes a cache that bounds the length of all texts together. A parsed document takes 90 to 300 bytes for each
 * character of its text, so the cache takes 9 to 30 MB.
 */
export const createDocumentCache = (): DocumentCache =>
  new DocumentCache({ maxSize: 100_000, maxEntrySize: 20_000, sizeCalculation: (_document, text) => text.length + 1 })

/** The gateway keeps no document that does not parse: it refuses it again quickly. */
export const noErrorCache = { get: () => undefined, set: () => {} }

/**
 * Makes Yoga parse and validate within the limits. Only a document within them is judged by the standard's rules,
 * because those rules are slow on hostile documents. Only a valid document stays in the cache, so a refused document
 * pushes out no other.
 */
export function documentRules(
  documents: DocumentCache,
  { introspection }: { readonly introspection: boolean },
): Plugin {
  const rules = introspection ? specifiedRules : [NoSchemaIntrospectionCustomRule, ...specifiedRules]
  const options = { maxErrors: maxRequestErrors, hideSuggestions: !introspection }
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits)
    },
    onValidate({ params: { documentAST }, setValidationFn }) {
      setValidationFn((schema: Parameters<typeof validate>[0], document: DocumentNode) => {
        const exceeded = exceededLimits(document).slice(0, maxRequestErrors)
        return exceeded.length > 0 ? exceeded : validate(schema, document, rules, options)
      })
      return ({ valid }) => {
        if (valid) documents.noteValid(documentAST)
        else if (documentAST.loc) documents.delete(documentAST.loc.source.body)
      }
    },
  }
}
