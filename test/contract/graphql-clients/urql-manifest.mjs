import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createRequest, formatDocument, stringifyDocument } from '@urql/core'
import { documents } from './documents.mjs'

// urql has no tool for this. Its cache adds `__typename` to a document before `persistedExchange` hashes the text.
const texts = Object.values(documents).map(({ text }) =>
  stringifyDocument(formatDocument(createRequest(text, {}).query)),
)
const manifest = texts.map((text) => [createHash('sha256').update(text).digest('hex'), text])
await writeFile('urql.json', JSON.stringify(Object.fromEntries(manifest)))
