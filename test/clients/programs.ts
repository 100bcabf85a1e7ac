import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import type { Outcome } from './steps.ts'

/** A real HTTP client and the program of ours that uses it. */
export interface ClientProgram {
  /** As `docs/compatibility.md` calls it. */
  readonly name: string
  /** Below `programs/`. */
  readonly file: string
  /** Ends with 0 where everything that the program needs is there. */
  readonly probe: readonly string[]
  /** Makes the program in a folder, where it has to be made. */
  build?(source: string, folder: string): readonly string[]
  run(source: string, folder: string): readonly string[]
  /** Steps that go otherwise because of the client itself. Without an outcome there is no answer. */
  readonly exceptions?: Readonly<Record<string, { readonly outcome?: Outcome; readonly reason: string }>>
  /** What somebody who uses it here has to know: the settings that the program shows. */
  readonly settings: string
}

const jars = (...names: string[]) => ['-cp', names.map((name) => `/usr/share/java/${name}.jar`).join(':')]
const apache = jars('httpclient', 'httpcore', 'commons-logging', 'commons-codec')
const okhttp = jars('okhttp', 'okio')
const hasJar = (name: string) => ['sh', '-c', `javac -version && test -e /usr/share/java/${name}.jar`]

export const clientPrograms: readonly ClientProgram[] = [
  {
    name: 'curl',
    file: 'curl.sh',
    probe: ['curl', '--version'],
    run: (source) => ['bash', source],
    settings: 'no `-d` where there is no content; `--fail-with-body` to end with an error at a refusal',
  },
  {
    name: 'wget',
    file: 'wget.sh',
    probe: ['wget', '--version'],
    run: (source) => ['bash', source],
    exceptions: { no_token: { outcome: { status: 401 }, reason: 'the client drops the body of a 401' } },
    settings:
      '`--method`, `--body-data`, `--content-on-error` with `--no-http-keep-alive` (else a 304 takes long); `--spider`',
  },
  {
    name: 'PHP, curl',
    file: 'php-curl.php',
    probe: ['php', '-r', 'exit(extension_loaded("curl") ? 0 : 1);'],
    run: (source) => ['php', source],
    settings: '`CURLOPT_CUSTOMREQUEST`, `CURLOPT_POSTFIELDS`; one handle for all requests',
  },
  {
    name: 'PHP, streams',
    file: 'php-streams.php',
    probe: ['php', '--version'],
    run: (source) => ['php', source],
    settings: '`ignore_errors`, or the body of a refusal is lost',
  },
  {
    name: 'Python, urllib',
    file: 'python-urllib.py',
    probe: ['python3', '--version'],
    run: (source) => ['python3', source],
    settings: 'raises `HTTPError` at 304 and at every refusal: it is the answer',
  },
  {
    name: 'Python, requests',
    file: 'python-requests.py',
    probe: ['python3', '-c', 'import requests'],
    run: (source) => ['python3', source],
    settings: 'none',
  },
  {
    name: 'Perl, LWP',
    file: 'perl-lwp.pl',
    probe: ['perl', '-MLWP::UserAgent', '-MJSON::PP', '-e', '1'],
    run: (source) => ['perl', source],
    settings: '`keep_alive`; a 500 with `Client-Warning` is LWP’s own',
  },
  {
    name: 'Perl, HTTP::Tiny',
    file: 'perl-http-tiny.pl',
    probe: ['perl', '-MHTTP::Tiny', '-MJSON::PP', '-e', '1'],
    run: (source) => ['perl', source],
    settings: 'a 599 is HTTP::Tiny’s own',
  },
  {
    name: 'Ruby, Net::HTTP',
    file: 'ruby-net-http.rb',
    probe: ['ruby', '-rjson', '-rnet/http', '-e', ''],
    run: (source) => ['ruby', source],
    settings: 'none',
  },
  {
    name: 'Go, net/http',
    file: 'go-net-http.go',
    probe: ['go', 'version'],
    build: (source, folder) => ['go', 'build', '-o', join(folder, 'go-net-http'), source],
    run: (_source, folder) => [join(folder, 'go-net-http')],
    settings: 'none',
  },
  {
    name: 'Java, java.net.http',
    file: 'JavaNetHttp.java',
    probe: ['javac', '-version'],
    run: (source) => ['java', source],
    settings: 'none; the gateway does not take up its offer of HTTP/2',
  },
  {
    name: 'Java, HttpURLConnection',
    file: 'JavaUrlConnection.java',
    probe: ['javac', '-version'],
    run: (source) => ['java', source],
    exceptions: { change: { reason: 'the client refuses `PATCH` itself' } },
    settings: 'reads and deletes only; `java.net.http` and Apache HttpClient can change',
  },
  {
    name: 'Java, Apache HttpClient',
    file: 'ApacheHttpClient.java',
    probe: hasJar('httpclient'),
    run: (source) => ['java', ...apache, source],
    settings: 'none',
  },
  {
    name: 'Java, OkHttp',
    file: 'OkHttp.java',
    probe: hasJar('okhttp'),
    run: (source) => ['java', ...okhttp, source],
    settings: 'an empty PATCH is `RequestBody.create(null, "")`',
  },
  {
    name: 'C#, HttpClient on Mono',
    file: 'mono-http-client.cs',
    probe: ['mcs', '--version'],
    build: (source, folder) => ['mcs', '-r:System.Net.Http.dll', `-out:${join(folder, 'client.exe')}`, source],
    run: (_source, folder) => ['mono', join(folder, 'client.exe')],
    settings: '`new HttpMethod("PATCH")`; `TryAddWithoutValidation` for `If-Match`',
  },
  {
    name: 'Free Pascal, TFPHTTPClient',
    file: 'free-pascal.pas',
    probe: ['fpc', '-iV'],
    build: (source, folder) => ['fpc', '-v0', `-FE${folder}`, `-o${join(folder, 'free-pascal')}`, source],
    run: (_source, folder) => [join(folder, 'free-pascal')],
    settings: '`HTTPMethod` with an empty list of allowed codes; `KeepConnection` stays off; status 0 is no answer',
  },
  {
    name: 'Erlang, httpc',
    file: 'erlang-httpc.escript',
    probe: ['erl', '-noshell', '-eval', 'ok = application:load(inets), halt().'],
    run: (source) => ['escript', source],
    settings: 'the type of the body is an argument of its own',
  },
  {
    name: 'Tcl, http',
    file: 'tcl-http.tcl',
    probe: ['tclsh', '/dev/null'],
    run: (source) => ['tclsh', source],
    settings: '`-method`, `-type`, `-query`; HEAD is `-validate`',
  },
  {
    name: 'R, curl',
    file: 'r-curl.R',
    probe: ['Rscript', '-e', 'library(curl)'],
    run: (source) => ['Rscript', source],
    settings: '`customrequest`, `postfields`',
  },
  {
    name: 'R, httr',
    file: 'r-httr.R',
    probe: ['Rscript', '-e', 'library(httr)'],
    run: (source) => ['Rscript', source],
    settings: '`encode = "raw"`',
  },
  {
    name: 'Guile, (web client)',
    file: 'guile-web-client.scm',
    probe: ['guile', '-c', '(use-modules (web client))'],
    run: (source) => ['guile', '--no-auto-compile', source],
    exceptions: {
      unquoted: {
        outcome: { status: 412, tag: 2, error: 'request_conflict' },
        reason: 'the client puts the quotes back',
      },
    },
    settings: 'headers are given parsed: the tag as `("13" . #t)`',
  },
  {
    name: 'Lua, LuaSocket',
    file: 'lua-socket.lua',
    probe: ['lua5.4', '-e', 'require("socket.http")'],
    run: (source) => ['lua5.4', source],
    settings: 'its general form, and `content-length` of its own',
  },
  {
    name: 'SWI-Prolog, http_open',
    file: 'swi-prolog.pl',
    probe: ['swipl', '-g', 'use_module(library(http/http_open)), halt'],
    run: (source) => ['swipl', source],
    settings: '`status_code(S)`, or a refusal is an exception without its body',
  },
]

/** Debian's own programs first: a machine may have others of the same name. */
export const environmentOf = (folder: string): Record<string, string> => ({
  PATH: ['/usr/bin', '/bin', process.env['PATH']].join(delimiter),
  HOME: folder,
  LANG: 'C.UTF-8',
  GO111MODULE: 'off',
})

export function isMissing({ probe: [command = '', ...words] }: ClientProgram, folder: string): boolean {
  const { status } = spawnSync(command, words, { env: environmentOf(folder), stdio: 'ignore', timeout: 60_000 })
  return status !== 0
}
