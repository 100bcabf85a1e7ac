import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ConfigurationError } from './parse.ts'

/** Texts of GraphQL documents by their ids. */
export type Manifest = Readonly<Record<string, string>>

const filled = z.string().min(1)

/** Apollo's generator writes a list of operations. */
const listOfOperations = z
  .object({
    format: z.literal('apollo-persisted-query-manifest'),
    version: z.literal(1),
    operations: z.array(z.object({ id: filled, body: filled })),
  })
  .transform(({ operations }) => operations.map(({ id, body }) => [id, body] as const))

/** The Relay compiler and GraphQL Code Generator write an object. */
const mapOfTexts = z.record(filled, filled).transform((texts) => Object.entries(texts))

/** The documents of one file, or what is wrong with it. */
async function readDocuments(file: string): Promise<readonly (readonly [id: string, text: string])[] | string> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    // V8's message quotes the file.
    return error instanceof SyntaxError ? 'is not JSON' : `cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
  const isList = typeof content === 'object' && content !== null && 'operations' in content
  const parsed = (isList ? listOfOperations : mapOfTexts).safeParse(content)
  if (parsed.success) return parsed.data
  const place = parsed.error.issues[0]?.path.join('.') || 'its top level'
  return `is no manifest of Apollo (version 1), Relay or GraphQL Code Generator: ${place} is not as expected`
}

/**
 * Adds the documents of the files of `GRAPHQL_MANIFESTS` to the gateway's own. One document may have several ids:
 * Apollo, Relay and GraphQL Code Generator print it differently, and each hashes its own text.
 * @throws ConfigurationError if a file is no manifest, or if an id stands for two texts
 */
export async function readManifests(files: readonly string[], own: Manifest): Promise<Manifest> {
  const texts = new Map(Object.entries(own))
  const mistakes: string[] = []
  for (const file of files) {
    const found = await readDocuments(file)
    if (typeof found === 'string') mistakes.push(`GRAPHQL_MANIFESTS: ${file} ${found}`)
    else
      for (const [id, text] of found) {
        if ((texts.get(id) ?? text) === text) texts.set(id, text)
        else mistakes.push(`GRAPHQL_MANIFESTS: ${file} has another document under the id ${id}`)
      }
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  return Object.fromEntries(texts)
}
