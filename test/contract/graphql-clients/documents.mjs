import { readFileSync } from 'node:fs'

const manifest = Object.entries(JSON.parse(readFileSync('persisted-documents.json', 'utf8')))

function documentNamed(operation) {
  const [id, text] = manifest.find(([, text]) => text.includes(`${operation}(`)) ?? []
  if (text === undefined) throw new Error(`no document ${operation}`)
  return { id, text }
}

/** The gateway's own documents with their ids, as `src/client/documents/persisted-documents.json` has them. */
export const documents = {
  read: documentNamed('query ClientConnection'),
  update: documentNamed('mutation UpdateClientConnection'),
}
