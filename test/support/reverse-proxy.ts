import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from './free-port.ts'
import { findProgram } from './programs.ts'

// Debian's reverse proxies with the configurations of ops/proxies, which differ from an operator's by addresses, ports
// and the places of files only.

export type ProxyName = 'nginx' | 'haproxy' | 'apache'

export interface ReverseProxy {
  readonly url: string
  readonly port: number
  /** What it has logged beside its requests. */
  complaints(): string
  stop(): Promise<void>
}

interface Setup {
  readonly file: string
  readonly program: string
  /** Texts of the file and what stands for them in a test. */
  replacements(directory: string, port: number): readonly (readonly [from: string, to: string])[]
  /** Lines that Debian has in files of its own. */
  preamble(directory: string): string
  command(configuration: string, directory: string): readonly string[]
}

const modules = '/usr/lib/apache2/modules'
const apacheModules = [
  ...['mpm_event', 'authz_core', 'reqtimeout', 'filter', 'deflate', 'headers', 'unique_id'],
  ...['slotmem_shm', 'proxy', 'proxy_http', 'proxy_balancer', 'proxy_hcheck', 'lbmethod_bybusyness'],
]

const setups: Readonly<Record<ProxyName, Setup>> = {
  nginx: {
    file: 'nginx.conf',
    program: 'nginx',
    replacements: (directory, port) => [
      ['/run/nginx.pid', `${directory}/nginx.pid`],
      ['/var/log/nginx/gateway.log', `${directory}/gateway.log`],
      ['listen 80;', `listen 127.0.0.1:${port};`],
      [
        '\nhttp {',
        `\nhttp {\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}`,
      ],
    ],
    preamble: () => 'daemon off;\n',
    command: (configuration, directory) => ['-e', 'stderr', '-p', directory, '-c', configuration],
  },
  haproxy: {
    file: 'haproxy.cfg',
    program: 'haproxy',
    replacements: (_directory, port) => [
      ['bind :80\n', `bind 127.0.0.1:${port}\n`],
      ['log /dev/log local0', 'log stdout format raw local0'],
      // A gateway on a busy machine may answer a check late.
      ['timeout connect 2s\n', 'timeout connect 2s\n    timeout check 30s\n'],
    ],
    preamble: () => '',
    command: (configuration) => ['-db', '-f', configuration],
  },
  apache: {
    file: 'apache.conf',
    program: 'apache2',
    replacements: (directory, port) => [
      ['<VirtualHost *:80>', `Listen 127.0.0.1:${port}\n<VirtualHost *:${port}>`],
      ['/var/log/apache2/gateway.log', `${directory}/gateway.log`],
    ],
    preamble: (directory) => `
${apacheModules.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
ServerRoot ${directory}
ServerName gateway.example.ua
PidFile ${directory}/apache.pid
Mutex file:${directory} default
DefaultRuntimeDir ${directory}
ErrorLog ${directory}/error.log
${process.getuid?.() === 0 ? 'User nobody\nGroup nogroup' : ''}
`,
    command: (configuration) => ['-DFOREGROUND', '-f', configuration],
  },
}

export const proxyPrograms = Object.values(setups).map(({ program }) => program)

/** Starts one in front of gateways on these ports of the loopback interface. */
export async function startReverseProxy(name: ProxyName, ports: readonly [number, number]): Promise<ReverseProxy> {
  const { file, program, replacements, preamble, command } = setups[name]
  const directory = await mkdtemp(join(tmpdir(), `mithril-connection-gateway-${name}-`))
  // Its workers run as somebody else.
  await chmod(directory, 0o777)
  const port = await findFreePort()
  const text = await readFile(new URL(`../../ops/proxies/${file}`, import.meta.url), 'utf8')
  const configuration = join(directory, file)
  await writeFile(
    configuration,
    preamble(directory) +
      [
        ...replacements(directory, port),
        ['10.0.0.11:4000', `127.0.0.1:${ports[0]}`] as const,
        ['10.0.0.12:4000', `127.0.0.1:${ports[1]}`] as const,
      ].reduce((found, [from, to]) => replaceOnce(found, from, to, file), text),
  )
  const path = findProgram(program)
  if (path === undefined) throw new Error(`${program} is not installed (Debian has it)`)
  const child = spawn(path, command(configuration, directory), { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const closed = once(child, 'close')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const timeout = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await closed
    clearTimeout(timeout)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await untilItListens(port, () => child.exitCode !== null)
  } catch (error) {
    const log = await readFile(join(directory, 'error.log'), 'utf8').catch(() => '')
    await stop()
    throw new Error(`${name} did not start: ${output}${log}`, { cause: error })
  }
  return { url: `http://127.0.0.1:${port}`, port, complaints: () => output, stop }
}

function replaceOnce(text: string, from: string, to: string, file: string): string {
  if (text.split(from).length !== 2) throw new Error(`ops/proxies/${file} does not have "${from}" exactly once`)
  return text.replace(from, () => to)
}

async function untilItListens(port: number, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (performance.now() > deadline || hasEnded()) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      socket.destroy()
    }
  }
}
