import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** HTTP by hand, for requests that no client library would send. */
export interface RawConnection {
  readonly socket: Socket
  write(text: string | Buffer): void
  /** What has been received so far, once it fits the pattern. */
  until(pattern: RegExp): Promise<string>
  /** Everything that was received, once the server has closed the connection. */
  untilClosed(): Promise<string>
}

const waitMs = 30_000

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  let received = ''
  let closed = false
  let check = () => {}
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('utf8')
    check()
  })
  socket.on('close', () => {
    closed = true
    check()
  })
  const wait = (done: () => boolean, what: string) =>
    new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy()
        reject(new Error(`${what} after ${waitMs} ms, only: ${received}`))
      }, waitMs)
      check = () => {
        if (!done() && !closed) return
        clearTimeout(timer)
        if (done()) resolve(received)
        else reject(new Error(`closed, ${what}, only: ${received}`))
      }
      check()
    })
  return {
    socket,
    write: (text) => void socket.write(text),
    until: (pattern) => wait(() => pattern.test(received), `nothing fits ${pattern}`),
    untilClosed: () => wait(() => closed, 'not closed'),
  }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Splits what a server has sent into answers, by their Content-Length; without one an answer ends with the connection.
 */
export function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) throw new Error(`not an HTTP answer: ${rest.toString()}`)
    const [first = '', ...lines] = rest.subarray(0, end).toString().split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1])
    const bodyStart = end + 4
    const length = headers['content-length']
    const bodyEnd = status < 200 ? bodyStart : length === undefined ? rest.length : bodyStart + Number(length)
    answers.push({ status, headers, body: rest.subarray(bodyStart, bodyEnd).toString() })
    rest = rest.subarray(bodyEnd)
  }
  return answers
}
