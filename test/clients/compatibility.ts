import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ClientProgram } from './programs.ts'
import type { SentRequest } from './recording-proxy.ts'
import { steps } from './steps.ts'

/** What a run saw of one client. */
export interface ClientResult {
  readonly name: string
  readonly version: string
  /** Requests of the two steps that send the same change. A third one is the client's own. */
  readonly changes: number
  readonly requests: readonly SentRequest[]
}

const repository = join(import.meta.dirname, '../..')
const documentFile = join(repository, 'docs/compatibility.md')
const resultsFile = join(repository, 'test/generated/clients.json')
const begin = '<!-- clients: written by test/clients/write-table.ts -->\n'
const end = '<!-- clients: end -->\n'

export async function writeResults(results: readonly ClientResult[]): Promise<void> {
  await mkdir(dirname(resultsFile), { recursive: true })
  await writeFile(resultsFile, JSON.stringify(results))
}

export const readResults = async (): Promise<ClientResult[]> => JSON.parse(await readFile(resultsFile, 'utf8'))

/** The part of a row that is the same on every machine. A client has a result only if all this was seen of it. */
export function settledCells({ name, file, exceptions = {}, settings }: ClientProgram): string {
  const reasons = steps.flatMap((step) => {
    const exception = exceptions[step.name]
    return exception === undefined ? [] : `“${step.title}”: ${exception.reason}`
  })
  const works = reasons.length === 0 ? 'all' : `all but ${reasons.join('; ')}`
  return `| [${name}](../test/clients/programs/${file}) | ${works} | ${settings} |`
}

/** The rest of a row: it depends on the version that the machine has. */
function seenCells({ version, changes, requests }: ClientResult): string {
  const usual = requests.find(({ method }) => method === 'GET')
  const empty = requests.find(({ path }) => path.endsWith('refresh_secret'))
  const additions = ['accept', 'upgrade'].flatMap((name) =>
    usual?.headers[name] === undefined ? [] : `${name}: ${usual.headers[name]}`,
  )
  const ofEmpty = ['content-type', 'content-length', 'transfer-encoding'].flatMap((name) =>
    empty?.headers[name] === undefined ? [] : `${name}: ${empty.headers[name]}`,
  )
  const code = (headers: readonly string[]) =>
    headers.length === 0 ? '–' : headers.map((header) => `\`${header}\``).join(', ')
  const again = changes === 0 ? '–' : changes > 2 ? 'sends it again' : 'reports it'
  const short = version.replaceAll(/(\d+\.\d+)[.\w+~-]*/g, '$1')
  return ` ${short} | ${code(additions)} | ${code(ofEmpty)} | ${again} |`
}

const columns = [
  'client',
  'works',
  'settings',
  'seen with',
  'GET has by itself',
  'an empty PATCH has',
  'a change without an answer',
]
const heading = `| ${columns.join(' | ')} |\n${'|---'.repeat(columns.length)}|\n`

/** The rows of the table in the document, in their order. */
export async function committedRows(): Promise<string[]> {
  const text = await readFile(documentFile, 'utf8')
  const table = text.slice(text.indexOf(begin) + begin.length, text.indexOf(end))
  return table.split('\n').filter((line) => line.startsWith('| ['))
}

/** Replaces the rows of the clients that ran. The row of one that is not installed here stays. */
export async function writeTable(programs: readonly ClientProgram[], results: readonly ClientResult[]): Promise<void> {
  const old = await committedRows()
  const rows = programs.flatMap((program) => {
    const result = results.find(({ name }) => name === program.name)
    if (result !== undefined) return `${settledCells(program)}${seenCells(result)}`
    return old.filter((row) => row.startsWith(`| [${program.name}](`))
  })
  const text = await readFile(documentFile, 'utf8')
  const [before = '', after = ''] = [text.slice(0, text.indexOf(begin)), text.slice(text.indexOf(end))]
  await writeFile(documentFile, `${before}${begin}${heading}${rows.join('\n')}\n${after}`)
}
