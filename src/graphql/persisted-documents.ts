import { HttpRefusal } from '../server/http-refusals.ts'

export interface PersistedDocumentsOptions {
  /** Texts of documents by id, `sha256:` and the hexadecimal digest of the text. */
  readonly manifest: Readonly<Record<string, string>>
  /** Whether the gateway executes documents of the manifest only. */
  readonly only: boolean
}

/**
 * Puts the document in the place of its id in the body of a request. The code after it sees an ordinary request.
 * @throws HttpRefusal `malformedRequest`, `documentUnknown` or `documentNotPersisted`, before it parses a document
 */
export type FindDocument = (body: unknown) => unknown

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The id as Apollo's clients send it. After an unknown id they also send the text, and the gateway takes that. */
function apolloId({ query, extensions }: Members): unknown {
  if (query != null || !isObject(extensions) || !isObject(extensions['persistedQuery'])) return undefined
  return extensions['persistedQuery']['sha256Hash']
}

/**
 * Finds persisted documents by `documentId` (GraphQL over HTTP, appendix A: `sha256:` and the digest) or by
 * `extensions.persistedQuery.sha256Hash` (Apollo: the digest alone). Callers cannot add documents at run time.
 */
export function createFindDocument({ manifest, only }: PersistedDocumentsOptions): FindDocument {
  const documents = new Map(Object.entries(manifest))
  return (body) => {
    if (!isObject(body)) return body
    const { documentId, extensions, ...rest } = body
    const id = documentId ?? apolloId(body)
    if (id == null) {
      if (only) throw new HttpRefusal('documentNotPersisted')
      return body
    }
    if (typeof id !== 'string') throw new HttpRefusal('malformedRequest', { reason: 'document_id' })
    if (body['query'] != null) throw new HttpRefusal('malformedRequest', { reason: 'document_id_and_query' })
    const query = documents.get(id) ?? documents.get(`sha256:${id}`)
    if (query === undefined) throw new HttpRefusal('documentUnknown')
    return { ...rest, query }
  }
}
