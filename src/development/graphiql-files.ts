import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

interface PageFile {
  readonly type: string
  readonly text: string
  /** Compresses the file at the first request and keeps the result. */
  gzip(): Promise<Buffer>
}

interface GraphiqlFiles {
  /** Part of each file's name, so that browsers may keep the files for ever. */
  readonly version: string
  /** The files by their names. */
  readonly files: ReadonlyMap<string, PageFile>
}

function pageFile(type: string, text: string): PageFile {
  let compressed: Promise<Buffer> | undefined
  return {
    type,
    text,
    gzip: () => {
      compressed ??= promisify(gzip)(text)
      return compressed
    },
  }
}

/**
 * Without this rule the tabs jump away under the pointer (`@graphql-yoga/render-graphiql` 5.24.1). Drag and drop moves
 * the container of a tab, and then also the tab.
 */
const fixedTabs = '.graphiql-tab{transform:none!important}'

let loading: Promise<GraphiqlFiles> | undefined

/** Loads the script and the style sheet of GraphiQL. They have 9 MB, so only a request for the page loads them. */
export function loadGraphiqlFiles(): Promise<GraphiqlFiles> {
  loading ??= load()
  return loading
}

async function load(): Promise<GraphiqlFiles> {
  const { css, js, editorWorkerService, jsonWorker, graphqlWorker } = await import(
    '@graphql-yoga/render-graphiql/graphiql'
  )
  const script = `{
const workers = ${JSON.stringify({ editorWorkerService, json: jsonWorker, graphql: graphqlWorker })}
for (const [label, code] of Object.entries(workers))
  workers[label] = URL.createObjectURL(new Blob([code], { type: 'application/javascript' }))
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_module, label) => workers[label] }
}
${js};
YogaGraphiQL.renderYogaGraphiQL(
  document.querySelector('#root'),
  JSON.parse(document.querySelector('#options').textContent),
)
`
  const style = css + fixedTabs
  const version = createHash('sha256').update(script).update(style).digest('hex').slice(0, 16)
  return {
    version,
    files: new Map([
      [`graphiql-${version}.js`, pageFile('text/javascript; charset=utf-8', script)],
      [`graphiql-${version}.css`, pageFile('text/css; charset=utf-8', style)],
    ]),
  }
}
