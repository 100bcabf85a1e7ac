import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

// An archive is a text file. Its first line names the format. Its last line holds the number of rows, and the SHA-256
// of all lines above it. Each line between them is a row of connection_changes as JSON.

const FORMAT = 'mithril-connection-gateway history 1'
const LINE_FEED = 10

/** The facts about a complete archive. */
export interface Archive {
  /** All its rows are older than this time, ISO 8601. */
  readonly before: string
  readonly rows: number
  /** The hexadecimal digest of all lines except the last one. */
  readonly sha256: string
}

/**
 * Writes an archive and returns when it is on the disk. Until then the file is called `FILE.partial`. The next attempt
 * overwrites that file.
 *
 * @param portions rows as lines of JSON, some at a time
 */
export async function writeArchive(
  file: string,
  before: string,
  portions: AsyncIterable<readonly string[]>,
): Promise<Archive> {
  const partial = `${file}.partial`
  const digest = createHash('sha256')
  let rows = 0
  // The history names users and addresses, so only the owner may read the file.
  const handle = await open(partial, 'w', 0o600)
  try {
    const write = async (text: string) => {
      digest.update(text)
      await handle.writeFile(text)
    }
    await write(`${JSON.stringify({ format: FORMAT, before, writtenAt: new Date().toISOString() })}\n`)
    for await (const lines of portions) {
      rows += lines.length
      await write(lines.map((line) => `${line}\n`).join(''))
    }
    const sha256 = digest.digest('hex')
    await handle.writeFile(`${JSON.stringify({ rows, sha256 })}\n`)
    await handle.sync()
    await handle.close()
    await rename(partial, file)
    await syncDirectory(dirname(file))
    return { before, rows, sha256 }
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(partial, { force: true })
    throw error
  }
}

/**
 * Reads a whole archive and checks it.
 *
 * @throws Error that names the file and the fault, if the file is not complete or somebody changed it
 */
export async function verifyArchive(file: string): Promise<Archive> {
  const wrong = (what: string) => new Error(`${file} is not a complete archive: ${what}.`)
  const digest = createHash('sha256')
  let [before, lines, last]: [string | undefined, number, string | undefined] = [undefined, 0, undefined]
  for await (const line of linesOf(file)) {
    if (last === undefined) {
      const header = parse(line)
      if (header['format'] !== FORMAT || typeof header['before'] !== 'string')
        throw wrong(`its first line does not say "${FORMAT}"`)
      before = header['before']
    } else digest.update(`${last}\n`)
    last = line
    lines += 1
  }
  const { rows, sha256 } = parse(last ?? '')
  if (before === undefined) throw wrong('it is empty')
  if (typeof rows !== 'number' || typeof sha256 !== 'string') throw wrong('its last line is missing')
  if (rows !== lines - 2) throw wrong(`it has ${lines - 2} rows, and its last line says ${rows}`)
  if (sha256 !== digest.digest('hex')) throw wrong('its SHA-256 is not the one of its last line')
  return { before, rows, sha256 }
}

/** The row lines of a complete archive, `size` at a time. */
export async function* rowsOf(file: string, { rows }: Archive, size: number): AsyncGenerator<readonly string[]> {
  const portion: string[] = []
  let number = 0
  for await (const line of linesOf(file)) {
    if (number > 0 && number <= rows) portion.push(line)
    number += 1
    if (portion.length === size) yield portion.splice(0)
  }
  if (portion.length > 0) yield portion
}

/** Only a line feed ends a line. A redirect URI may hold U+2028, which ends a line for Node's readline. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest: Buffer[] = []
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8')
      rest = []
      start = end + 1
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8')
}

function parse(line: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(line)) as Record<string, unknown> // every member of an object is readable
  } catch {
    return {}
  }
}

/** The disk holds the new name of a file after a sync of its folder. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
