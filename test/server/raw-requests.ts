import type { Fixture } from '../support/gateway.ts'

/** What is sent, and what must come of it. */
export interface RawCase {
  readonly name: string
  readonly bytes: string | Buffer
  /** Statuses of the answers, in their order; none: the connection is closed without a word. */
  readonly statuses: readonly number[]
  /** `meta.url`, below the gateway's own address, of each answer. */
  readonly url?: string
  /** Of `Allow`. */
  readonly allow?: string
  /** How many changes of the connection it makes. */
  readonly writes?: number
}

/** Stands in whatever must not be taken for a request: no answer may name it. */
export const smuggled = 'smuggled-request-identifier'

/**
 * The table: raw requests that no client library sends, against every route. Each ends its connection, or must have it
 * ended.
 */
export function rawRequests(token: string, { path, clientId, connectionId }: Fixture): readonly RawCase[] {
  const cases: RawCase[] = []
  const add = (
    name: string,
    bytes: string | Buffer,
    statuses: number | readonly number[],
    more: Partial<RawCase> = {},
  ) => {
    cases.push({ name, bytes, statuses: typeof statuses === 'number' ? [statuses] : statuses, ...more })
  }

  const authorization = `authorization: Bearer ${token}`
  const json = 'content-type: application/json'
  const close = 'connection: close'
  const head = (start: string, ...lines: string[]) => `${[start, 'host: gateway', ...lines].join('\r\n')}\r\n\r\n`
  const get = (target: string, ...lines: string[]) => head(`GET ${target} HTTP/1.1`, authorization, close, ...lines)
  const update = (redirectUri: string) => JSON.stringify({ redirect_uri: redirectUri })
  const good = update('https://raw.example.ua/')
  let number = 0
  /** A body that changes something. */
  const fresh = () => update(`https://raw.example.ua/${++number}`)
  /** A request with these bytes for a body, of their length. */
  const sized = (start: string, body: string | Buffer, lines: readonly string[]) => {
    const type = lines.some((line) => /^content-type/i.test(line)) ? [] : [json]
    const length = `content-length: ${Buffer.byteLength(body)}`
    return Buffer.concat([Buffer.from(head(start, authorization, close, ...type, ...lines, length)), Buffer.from(body)])
  }
  /** A PATCH of the connection. */
  const patch = (body: string | Buffer, ...lines: string[]) => sized(`PATCH ${path} HTTP/1.1`, body, lines)
  const post = (body: string | Buffer, ...lines: string[]) => sized('POST /graphql HTTP/1.1', body, lines)
  const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
  /** A PATCH whose body is chunked, with these bytes for the chunks. */
  const chunked = (chunks: string, ...lines: string[]) =>
    head(`PATCH ${path} HTTP/1.1`, authorization, json, close, 'transfer-encoding: chunked', ...lines) + chunks
  const hiddenBody = update('https://hidden.example.ua/')
  /** A whole request that hides behind or inside another one. */
  const hidden =
    head(
      `PATCH ${path} HTTP/1.1`,
      authorization,
      json,
      `x-request-id: ${smuggled}`,
      `content-length: ${hiddenBody.length}`,
    ) + hiddenBody

  // What is no HTTP/1.1 at all.
  add('nothing but a line break, and then nonsense', '\r\nnonsense\r\n\r\n', 400)
  add('HTTP/0.9', 'GET /health/live\r\n\r\n', 400)
  add('HTTP/0.9 with a version that is none', 'GET /health/live HTTP\r\n\r\n', 400)
  add('HTTP/2.0 in the request line', head('GET /health/live HTTP/2.0'), 400)
  add('HTTP/1.2', head('GET /health/live HTTP/1.2'), 400)
  add('HTTP/9.9', head('GET /health/live HTTP/9.9'), 400)
  add('a lower-case protocol', head('GET /health/live http/1.1'), 400)
  add('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0', 400)
  add(
    'an upgrade to HTTP/2',
    get(
      '/health/live',
      'connection: upgrade, http2-settings',
      'upgrade: h2c',
      'http2-settings: AAMAAABkAARAAAAAAAIAAAAA',
    ),
    200,
  )
  add(
    'an upgrade to a WebSocket',
    get(
      '/graphql',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ),
    405,
    { allow: 'POST' },
  )
  add(
    'a TLS hello',
    Buffer.from('16030100f4010000f00303c0ffee00112233445566778899aabbccddeeff00112233445566778899aabb20', 'hex'),
    400,
  )
  add('the start of SSH', 'SSH-2.0-OpenSSH_9.9\r\n', 400)
  add(
    'the PROXY protocol',
    `PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n${head('GET /health/live HTTP/1.1', close)}`,
    400,
  )
  add('a line of SMTP', 'EHLO gateway\r\n', 400)
  add('bytes of every kind', Buffer.from(Array.from({ length: 256 }, (_, index) => index)), 400)
  add('NULs', Buffer.alloc(64), 400)
  add('an answer instead of a request', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 400)
  add('HTTP/1.0', head('GET /health/live HTTP/1.0'), 200)
  add('HTTP/1.0 without a Host', 'GET /health/live HTTP/1.0\r\n\r\n', 200)

  // Lines and headers.
  add('line feeds only', `GET /health/live HTTP/1.1\nhost: gateway\nconnection: close\n\n`, 400)
  add(
    'a line feed only between two headers',
    `GET /health/live HTTP/1.1\r\nhost: gateway\nconnection: close\r\n\r\n`,
    400,
  )
  add('carriage returns only', 'GET /health/live HTTP/1.1\rhost: gateway\r\r', 400)
  add('a carriage return in a value', head('GET /health/live HTTP/1.1', close, 'x-a: b\rauthorization: Bearer x'), 400)
  add('a folded header', head('GET /health/live HTTP/1.1', close, 'x-a: b', ' c'), 400)
  add('a folded Authorization', head(`GET ${path} HTTP/1.1`, close, 'authorization:', ` Bearer ${token}`), 400)
  add('a first header that begins with a space', `GET /health/live HTTP/1.1\r\n host: gateway\r\n\r\n`, 400)
  add('a space before a colon', head('GET /health/live HTTP/1.1', close, 'x-a : b'), 400)
  add('a header without a name', head('GET /health/live HTTP/1.1', close, ': b'), 400)
  add('a header without a colon', head('GET /health/live HTTP/1.1', close, 'nonsense'), 400)
  add('a NUL in the name of a header', head('GET /health/live HTTP/1.1', close, 'x-\0a: b'), 400)
  add('a NUL in the value of a header', head('GET /health/live HTTP/1.1', close, 'x-a: b\0c'), 400)
  add('a NUL in the token', head(`GET ${path} HTTP/1.1`, close, `${authorization}\0`), 400)
  add('UTF-8 in the name of a header', head('GET /health/live HTTP/1.1', close, 'x-ґ: b'), 400)
  add('UTF-8 in the value of a header', get('/health/live', 'x-a: ґанок'), 200)
  add('UTF-8 in the token', head(`GET ${path} HTTP/1.1`, close, `${authorization}ґ`), 401)
  add(
    'UTF-8 in the id of the request: the gateway gives its own',
    get('/health/live', 'x-request-id: ґґґґґґґґґґґґґґґґґґґґґґґґґ'),
    200,
  )
  add('a header of 17 kB', get('/health/live', `x-a: ${'x'.repeat(17 * 1024)}`), 431)
  add('the name of a header of 17 kB', get('/health/live', `${'x'.repeat(17 * 1024)}: a`), 431)
  add(
    '101 headers',
    head('GET /health/live HTTP/1.1', ...Array.from({ length: 101 }, (_, number) => `x-${number}: a`)),
    431,
  )
  add(
    '3,000 headers and a second Authorization behind them',
    get(path, ...Array.from({ length: 3_000 }, () => 'a:'), 'authorization: Bearer other'),
    431,
  )
  add(
    '90 headers and a second Authorization behind them',
    get(path, ...Array.from({ length: 90 }, () => 'a: b'), 'authorization: Bearer other'),
    401,
  )
  add('a target of 17 kB', get(`/${'x'.repeat(17 * 1024)}`), 431)
  add('a query of 17 kB', get(`${path}?${'x'.repeat(17 * 1024)}`), 431)
  add(
    'two x-request-ids that are too short: the gateway gives its own',
    get('/health/live', 'x-request-id: one', 'x-request-id: two'),
    200,
  )

  // Method and target.
  add('HTTP/0.9 with a Host and headers', head('GET /health/live HTTP/0.9', close), 400)
  add('a method that does not exist', head('PETCH / HTTP/1.1', close), 400)
  add('a method in lower case', head(`patch ${path} HTTP/1.1`, close), 400)
  add('a method with a NUL', head('GE\0T / HTTP/1.1', close), 400)
  add('two spaces in the request line', head('GET  /health/live HTTP/1.1', close), 200)
  add('a tab in the request line', head('GET\t/health/live HTTP/1.1', close), 400)
  add('a space in the target', head('GET /health live HTTP/1.1', close), 400)
  add('a NUL in the target', head('GET /health\0/live HTTP/1.1', close), 400)
  add('UTF-8 in the target', get('/клініка'), 400)
  add(
    'a byte that is no UTF-8 in the target',
    Buffer.concat([
      Buffer.from('GET /\xff', 'latin1'),
      Buffer.from(' HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n'),
    ]),
    400,
  )
  add('a target without a slash', head('GET health HTTP/1.1', close), 400)
  add('an asterisk', head('GET * HTTP/1.1', close), 404, { url: '' })
  add('OPTIONS *', head('OPTIONS * HTTP/1.1', close), 404, { url: '' })
  add('a target in absolute form', get(`http://evil.example${path}`), 200, { url: path })
  add('a target in absolute form with credentials', get(`http://user:password@evil.example${path}`), 200, { url: path })
  add('a target in absolute form of another scheme', get(`gopher://evil.example${path}`), 404, { url: path })
  add('a target in absolute form without a path', get('http://evil.example'), 200)
  add('a target that begins with two slashes', get(`//evil.example${path}`), 404, { url: `//evil.example${path}` })
  add('a backslash for a slash', get('/api\\clients'), 404)
  add('a fragment in the target: no part of the path', get(`${path}#x`), 200, { url: path })
  add('CONNECT', head('CONNECT evil.example:443 HTTP/1.1'), [])
  add('CONNECT to a path', head(`CONNECT ${path} HTTP/1.1`), [])
  add('QUERY of a path that does not exist', head('QUERY /nothing HTTP/1.1', close), 404)
  add('DELETE of a path that does not exist', head('DELETE /nothing HTTP/1.1', close), 404)
  add('TRACE', head(`TRACE ${path} HTTP/1.1`, authorization, close), 405, { allow: 'GET, HEAD, PATCH, DELETE' })
  add('TRACE /graphql', head('TRACE /graphql HTTP/1.1', authorization, close), 405, { allow: 'POST' })

  // Methods that a route does not know, on every route; those that a header or a parameter claims are not looked at.
  const known: readonly (readonly [url: string, allow: string])[] = [
    ['/api/clients', 'GET, HEAD'],
    [`/api/clients/${clientId}`, 'GET, HEAD'],
    [`/api/clients/${clientId}/connections`, 'GET, HEAD'],
    [path, 'GET, HEAD, PATCH, DELETE'],
    [`${path}/actions/refresh_secret`, 'PATCH'],
    ['/graphql', 'POST'],
    ['/health/live', 'GET, HEAD'],
    ['/health/ready', 'GET, HEAD'],
    ['/api/openapi.json', 'GET, HEAD'],
    ['/api/docs', 'GET, HEAD'],
    ['/api/docs/', 'GET, HEAD'],
    ['/api/docs/json', 'GET, HEAD'],
    ['/api/docs/static/index.html', 'GET, HEAD'],
  ]
  for (const [url, allow] of known)
    for (const method of ['PUT', 'OPTIONS', 'PROPFIND', 'QUERY'])
      add(`${method} ${url}`, head(`${method} ${url} HTTP/1.1`, close), 405, { allow, url })
  for (const [url, allow] of known.filter(([, allowed]) => !allowed.includes('POST')))
    add(
      `POST ${url} with a body that ends`,
      `${head(`POST ${url} HTTP/1.1`, close, json, 'content-length: 2')}{}`,
      405,
      { allow, url },
    )
  for (const header of ['x-http-method-override', 'x-http-method', 'x-method-override'])
    add(`${header}: DELETE`, patch(fresh(), `${header}: DELETE`), 200, { writes: 1 })
  add('?_method=DELETE', get(`${path}?_method=DELETE`), 200, { url: path })

  // Two readers, two requests.
  add(
    'Content-Length and Transfer-Encoding',
    `${head(`PATCH ${path} HTTP/1.1`, authorization, json, 'content-length: 4', 'transfer-encoding: chunked')}${chunk(good)}0\r\n\r\n${hidden}`,
    400,
  )
  add(
    'Transfer-Encoding and Content-Length',
    `${head(`PATCH ${path} HTTP/1.1`, authorization, json, 'transfer-encoding: chunked', 'content-length: 4')}0\r\n\r\n${hidden}`,
    400,
  )
  add(
    'two Content-Lengths',
    head(`PATCH ${path} HTTP/1.1`, authorization, json, 'content-length: 0', `content-length: ${hidden.length}`) +
      hidden,
    400,
  )
  add(
    'the same Content-Length twice',
    head(
      `PATCH ${path} HTTP/1.1`,
      authorization,
      json,
      `content-length: ${good.length}`,
      `content-length: ${good.length}`,
    ) + good,
    400,
  )
  add(
    'a list for a Content-Length',
    head(`PATCH ${path} HTTP/1.1`, authorization, json, 'content-length: 0, 0') + hidden,
    400,
  )
  for (const length of ['+5', '-1', '0x10', '5.0', '1e3', '5 5', '', '٥', '9'.repeat(30)])
    add(
      `a Content-Length of "${length}"`,
      head(`PATCH ${path} HTTP/1.1`, authorization, json, `content-length: ${length}`) + hidden,
      400,
    )
  for (const encoding of [
    'gzip',
    'chunked, gzip',
    'gzip, chunked, identity',
    'xchunked',
    '"chunked"',
    'chunked;x=y',
    'identity',
    'chunked, chunked',
    '',
  ])
    add(
      `a Transfer-Encoding of "${encoding}"`,
      `${head(`PATCH ${path} HTTP/1.1`, authorization, json, `transfer-encoding: ${encoding}`)}0\r\n\r\n${hidden}`,
      400,
    )
  add(
    'two Transfer-Encodings',
    `${head(`PATCH ${path} HTTP/1.1`, authorization, json, 'transfer-encoding: chunked', 'transfer-encoding: identity')}0\r\n\r\n${hidden}`,
    400,
  )
  add(
    'a tab before chunked',
    chunked(`${chunk(fresh())}0\r\n\r\n`).replace('transfer-encoding: ', 'transfer-encoding:\t'),
    200,
    {
      writes: 1,
    },
  )
  add(
    'a Transfer-Encoding in HTTP/1.0',
    chunked(`${chunk(good)}0\r\n\r\n${hidden}`).replace('HTTP/1.1', 'HTTP/1.0'),
    400,
  )
  add('a request inside a GET that has a body', get(path, `content-length: ${hidden.length}`) + hidden, 200)
  add('a request behind one that closes', get(path) + hidden, 200)
  add('a request behind nonsense', `nonsense\r\n\r\n${hidden}`, 400)
  add('nonsense behind a request', `${get(path).replace(`${close}\r\n`, '')}nonsense\r\n\r\n`, 200)
  add(
    'a request behind a bad one, pipelined',
    head(`PATCH ${path} HTTP/1.1`, authorization, json, 'content-length: x') + hidden,
    400,
  )
  add(
    'three requests at once',
    `${head('GET /health/live HTTP/1.1')}${head('GET /nothing HTTP/1.1')}${get(path)}`,
    [200, 404, 200],
  )
  add(
    'an answer to somebody without a token does not eat what follows',
    `${head(`PATCH ${path} HTTP/1.1`, json, `content-length: ${good.length}`)}${good}${get(path)}`,
    [401, 200],
  )

  // Chunks.
  add('a chunk size that is no number', chunked('zz\r\nx\r\n0\r\n\r\n'), 400)
  add('a chunk size with 0x', chunked('0x5\r\nhello\r\n0\r\n\r\n'), 400)
  add('a negative chunk size', chunked('-5\r\nhello\r\n0\r\n\r\n'), 400)
  add('a chunk size that overflows', chunked(`${'f'.repeat(17)}\r\nhello\r\n0\r\n\r\n`), 400)
  add('a chunk that is longer than it says', chunked(`2\r\n${good}\r\n0\r\n\r\n${hidden}`), 400)
  add('chunks that end in line feeds only', chunked(`${good.length.toString(16)}\n${good}\n0\n\n`), 400)
  add('a chunk with an extension', chunked(`${chunk(fresh()).replace('\r', ';a=b\r')}0\r\n\r\n`), 200, { writes: 1 })
  add('a chunk with an extension of 20 kB', chunked(`1;${'x'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`), 400)
  add(
    'trailers that claim another caller',
    chunked(
      `${chunk(fresh())}0\r\nauthorization: Bearer other\r\nx-request-id: ${smuggled}\r\n\r\n`,
      'trailer: authorization',
    ),
    200,
    { writes: 1 },
  )
  add('trailers of 20 kB', chunked(`${chunk(good)}0\r\nx-a: ${'x'.repeat(20_000)}\r\n\r\n`), [431])
  add('chunks of 70 kB', chunked(`${chunk('x'.repeat(70_000))}0\r\n\r\n`), 413)
  add('70,000 chunks of a byte', chunked(`${'1\r\nx\r\n'.repeat(70_000)}0\r\n\r\n`), 413)

  // Host, and what else claims an address.
  add('no Host', `GET ${path} HTTP/1.1\r\n${authorization}\r\n${close}\r\n\r\n`, 400, { url: path })
  add('two Hosts', get(path, 'host: evil.example'), 400, { url: path })
  add('the same Host twice', get(path, 'host: gateway'), 400, { url: path })
  add('an empty Host', `GET ${path} HTTP/1.1\r\nhost:\r\n${authorization}\r\n${close}\r\n\r\n`, 200, { url: path })
  for (const host of [
    'evil.example',
    'evil.example:8443',
    'EVIL_1.example.',
    '192.0.2.1:1',
    '[::1]',
    '[2001:db8::1]:443',
  ])
    add(`Host: ${host}`, get(path).replace('host: gateway', `host: ${host}`), 200, { url: path })
  for (const host of [
    'evil.example:99999',
    'evil.example:x',
    'user@evil.example',
    'evil.example@127.0.0.1',
    '127.0.0.1\\.evil.example',
    'evil.example/127.0.0.1',
    'evil.example#127.0.0.1',
    'evil.example?127.0.0.1',
    '"><script>',
    '../../etc',
    '[::1',
    '[evil.example]',
    '::1',
    'a b',
    'клініка.укр',
    '%zz',
  ])
    add(`Host: ${host}`, get(path).replace('host: gateway', `host: ${host}`), 400, { url: path })
  for (const header of [
    'x-forwarded-host: evil.example',
    'forwarded: host=evil.example;proto=http',
    'x-forwarded-proto: http',
    'x-original-url: /health/live',
    'x-rewrite-url: /health/live',
    'x-forwarded-prefix: /evil',
    'x-forwarded-for: 127.0.0.1',
  ])
    add(header, get(path, header), 200, { url: path })

  // Expectations.
  add('an expectation that nobody knows', patch(fresh(), 'expect: miracles'), 200, { writes: 1 })
  add('two expectations', patch(fresh(), 'expect: 100-continue', 'expect: miracles'), 200, { writes: 1 })
  add(
    '100-continue without a token',
    head(`PATCH ${path} HTTP/1.1`, json, close, 'expect: 100-continue', 'content-length: 9'),
    401,
  )
  add(
    '100-continue from HTTP/1.0',
    Buffer.from(patch(fresh(), 'expect: 100-continue').toString().replace('HTTP/1.1', 'HTTP/1.0')),
    200,
    {
      writes: 1,
    },
  )

  // Tokens anywhere but where they belong.
  for (const name of ['access_token', 'token', 'authorization', 'Authorization', 'bearer_token', 'api-key'])
    add(
      `a token in the query: ${name}`,
      head(`GET ${path}?${name}=${encodeURIComponent(`Bearer ${token}`)}&${name}=${token} HTTP/1.1`, close),
      401,
      { url: path },
    )
  add(
    'a token in the body (RFC 6750 §2.2)',
    head(
      `PATCH ${path} HTTP/1.1`,
      close,
      'content-type: application/x-www-form-urlencoded',
      `content-length: ${token.length + 13}`,
    ).concat(`access_token=${token}`),
    401,
  )
  add(
    'a token in a cookie',
    head(`GET ${path} HTTP/1.1`, close, `cookie: access_token=${token}; authorization=Bearer ${token}`),
    401,
  )
  add(
    'a token in Proxy-Authorization',
    head(`GET ${path} HTTP/1.1`, close, `proxy-authorization: Bearer ${token}`),
    401,
  )
  add('a token in X-Access-Token', head(`GET ${path} HTTP/1.1`, close, `x-access-token: ${token}`), 401)
  add('two tokens, the good one first', get(path, 'authorization: Bearer other'), 401)
  add(
    'two tokens, the good one last',
    head(`GET ${path} HTTP/1.1`, close, 'authorization: Bearer other', authorization),
    401,
  )
  add('the same token twice', get(path, authorization), 401)
  add('two tokens in one header', head(`GET ${path} HTTP/1.1`, close, `${authorization}, Bearer ${token}`), 401)
  add('a token for Basic', head(`GET ${path} HTTP/1.1`, close, `authorization: Basic ${token}`), 401)
  add('a token of 9 kB', head(`GET ${path} HTTP/1.1`, close, `authorization: Bearer ${'a'.repeat(9_000)}`), 401)
  add(
    'a token on GraphQL, in the query',
    `${head(`POST /graphql?access_token=${token} HTTP/1.1`, close, json, 'content-length: 2')}{}`,
    401,
  )

  // Ids and paths.
  const at = (id: string) => `/api/clients/${clientId}/connections/${id}`
  for (const id of [
    '%00',
    '%2f',
    '..%2f..',
    '%2e%2e',
    '%252e%252e',
    '%c0%ae%c0%ae',
    '%c1%9c',
    '%ff',
    '%',
    '%zz',
    '%u0041',
    `${connectionId}%00`,
    `${connectionId}%20`,
    `${connectionId}%0d%0aset-cookie:a=b`,
    `${connectionId};a=b`,
    `${connectionId}'--`,
    encodeURIComponent(`{${connectionId}}`),
    `urn:uuid:${connectionId}`,
    connectionId.replaceAll('-', ''),
    'x'.repeat(5_000),
    '0',
    'null',
    '__proto__',
    'constructor',
    '*',
    '%F0%9F%92%A9',
  ]) {
    const statuses = /%(?:c0|c1|ff|$|zz|u)/i.test(id) ? 400 : 404
    add(`a connection of the id "${id.slice(0, 60)}"`, get(at(id)), statuses)
    add(`an update of the id "${id.slice(0, 60)}"`, Buffer.from(patch(good).toString().replace(path, at(id))), statuses)
  }
  for (const id of ['%00', `${clientId}%00`, '..', '%2e%2e%2f', '__proto__', 'x'.repeat(5_000)])
    add(`a client of the id "${id.slice(0, 60)}"`, get(`/api/clients/${id}`), id.length > 4_096 ? 404 : 403)
  for (const [url, status] of [
    [`${path}/`, 200],
    [`${path}//`, 200],
    ['/api/clients/', 200],
    ['/graphql/', 405],
    ['/health/live/', 200],
    ['/Health/Live', 404],
    ['/API/CLIENTS', 404],
    [`//api/clients/${clientId}`, 200],
    [`/api/clients/${clientId}//connections`, 200],
    [`/api/clients//${clientId}/connections/`, 200],
    [`/api/./clients/${clientId}`, 404],
    [`/health/../api/clients/${clientId}`, 404],
    [`/api%2fclients`, 404],
    [`/api/clients/${clientId}%2fconnections`, 403],
    ['/api/docs/static/..%2f..%2f..%2fpackage.json', 404],
    ['/api/docs/static/%2e%2e/%2e%2e/package.json', 404],
    ['/api/docs/static/../../../package.json', 404],
    ['/api/docs/static/%00', 404],
    ['/metrics', 404],
    ['/.env', 404],
    ['/src/main.ts', 404],
  ] as const)
    add(`GET ${url}`, get(url), status)
  add('an id in capitals is the same UUID', get(at(connectionId.toUpperCase())), 200)

  // Queries.
  for (const query of [
    'page=0',
    'page=-1',
    'page=1e9',
    'page_size=999999999999',
    'page=%00',
    'is_blocked=maybe',
    'user_id=x',
    'id=%27',
  ])
    add(`a list with ?${query}`, get(`/api/clients?${query}`), 422)
  add('a list with a broken escape', get('/api/clients?name=%'), 200)
  add('a list with a name of many brackets', get(`/api/clients?name[a][b][__proto__]=x&__proto__=y&constructor=z`), 200)
  add('a list with 2,000 parameters', get(`/api/clients?${'a&'.repeat(2_000)}`), 200)

  // Bodies.
  for (const [name, body] of [
    ['a byte-order mark', `\ufeff${good}`],
    ['a member twice', '{"redirect_uri":"https://a.example.ua/","redirect_uri":"https://b.example.ua/"}'],
    [
      'a member twice, once escaped',
      '{"redirect_uri":"https://a.example.ua/","redirect_ur\\u0069":"https://b.example.ua/"}',
    ],
    ['a member twice, deep inside', '{"redirect_uri":"https://a.example.ua/","x":[{"a":1,"a":2}]}'],
    ['5,000 arrays in each other', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['half a JSON', '{"redirect_uri":'],
    ['two JSONs', `${good}${good}`],
    ['a comment', `/* */${good}`],
    ['a trailing comma', '{"redirect_uri":"https://a.example.ua/",}'],
    ['single quotes', "{'redirect_uri':'https://a.example.ua/'}"],
    ['NaN', '{"redirect_uri":NaN}'],
    ['white space only', '   '],
    ['a NUL', '\0'],
    ['a line break inside a string', '{"redirect_uri":"https://a\n.example.ua/"}'],
  ] as const) {
    add(`a body with ${name}`, patch(body), 400)
    add(`a body for GraphQL with ${name}`, post(body), 400)
  }
  add('a body that is no UTF-8', patch(Buffer.from('{"redirect_uri":"https://\xff.example.ua/"}', 'latin1')), 400)
  add('a body in UTF-16', patch(Buffer.from(good, 'utf16le')), 400)
  add(
    'a body with an overlong slash',
    patch(
      Buffer.concat([
        Buffer.from('{"redirect_uri":"https:/'),
        Buffer.from([0xc0, 0xaf]),
        Buffer.from('a.example.ua/"}'),
      ]),
    ),
    400,
  )
  for (const [name, body] of [
    ['__proto__', '{"__proto__":{"redirect_uri":"https://proto.example.ua/"}}'],
    ['constructor', '{"constructor":{"prototype":{"redirect_uri":"https://proto.example.ua/"}}}'],
    ['an array', '[]'],
    ['a string', '"https://a.example.ua/"'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['an object for the value', '{"redirect_uri":{"set":"https://a.example.ua/"}}'],
    ['nothing', ''],
  ] as const)
    add(`a body of ${name}`, patch(body), 422)
  add(
    '__proto__ beside a good value',
    patch('{"redirect_uri":"https://raw.example.ua/own","__proto__":{"redirect_uri":"x"}}'),
    200,
    {
      writes: 1,
    },
  )
  add('a body for GraphQL of __proto__', post('{"__proto__":{"query":"{ __typename }"}}'), 400)
  add('a body for GraphQL of nothing', post(''), 400)
  add('65 kB', patch(`{"redirect_uri":"${'x'.repeat(65_536)}"}`), 413)
  add('65 kB, announced only', head(`PATCH ${path} HTTP/1.1`, authorization, json, close, 'content-length: 65537'), 413)
  add('101 kB for GraphQL', post(`{"query":"${'x'.repeat(102_400)}"}`), 413)
  add(
    'a petabyte, announced only',
    head(`PATCH ${path} HTTP/1.1`, authorization, json, close, 'content-length: 1125899906842624'),
    413,
  )

  // The other routes that read a body. The version is one that the connection never had, so nothing is deleted.
  const remove = (body: string, ...lines: string[]) =>
    head(
      `DELETE ${path} HTTP/1.1`,
      authorization,
      close,
      'if-match: "0"',
      `content-length: ${Buffer.byteLength(body)}`,
      ...lines,
    ) + body
  add('DELETE without a body', head(`DELETE ${path} HTTP/1.1`, authorization, close, 'if-match: "0"'), 412)
  add('DELETE with a body that nobody needs', remove('{}', json), 412)
  add('DELETE with half a JSON', remove('{', json), 400)
  add('DELETE with a byte-order mark', remove('\ufeff{}', json), 400)
  add('DELETE with a member twice', remove('{"a":1,"a":2}', json), 400)
  add('DELETE with a text', remove('x', 'content-type: text/plain'), 415)
  add('DELETE with 65 kB', remove('x'.repeat(65_537), json), 413)
  const refresh = (...lines: string[]) =>
    head(`PATCH ${path}/actions/refresh_secret HTTP/1.1`, authorization, close, ...lines)
  add('a new secret without its scope, and 65 kB', refresh(json, 'content-length: 65537'), 403)
  add('a new secret without its scope, and a text', `${refresh('content-type: text/plain', 'content-length: 1')}x`, 403)
  add(
    'chunks of 101 kB for GraphQL',
    `${head('POST /graphql HTTP/1.1', authorization, close, json, 'transfer-encoding: chunked')}${chunk('x'.repeat(103_000))}0\r\n\r\n`,
    413,
  )

  // Media types.
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/merge-patch+json',
    'application/json-patch+json',
    'application/jsonx',
    'text/json',
    'xapplication/json',
    'application/json, text/plain',
    'application',
    '',
    '*/*',
    'application/json\t;charset=utf-7',
    '__proto__',
  ]) {
    add(`Content-Type: ${type}`, patch(good, `content-type: ${type}`), 415)
    add(`Content-Type for GraphQL: ${type}`, post('{"query":"{ __typename }"}', `content-type: ${type}`), 415)
  }
  add(
    'no Content-Type',
    head(`PATCH ${path} HTTP/1.1`, authorization, close, `content-length: ${good.length}`) + good,
    415,
  )
  for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip', 'x'])
    add(`Content-Encoding: ${encoding}`, patch(good, `content-encoding: ${encoding}`), 415)
  for (const type of [
    'APPLICATION/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json ; a=b',
  ])
    add(`Content-Type: ${type}`, patch(fresh(), `content-type: ${type}`), 200, { writes: 1 })
  for (const accept of ['text/html', 'application/xml, text/*', 'application/json;q=0', 'image/png;q=0.1']) {
    add(`Accept: ${accept}`, get(path, `accept: ${accept}`), 406)
    add(`Accept of an update: ${accept}`, patch(good, `accept: ${accept}`), 406)
  }
  for (const accept of [
    '',
    '*/*;q=0.1',
    'application/*',
    'text/html, */*',
    'nonsense/;;;,,,=',
    `${'a/b,'.repeat(2_000)}*/*`,
  ])
    add(`Accept: ${accept.slice(0, 40)}`, get(path, `accept: ${accept}`), [accept.startsWith('nonsense') ? 406 : 200])

  // Conditions.
  for (const tag of ['"0"', 'W/"1"', '"x"', `${'"1",'.repeat(2_000)}`.slice(0, 8_000)])
    add(`If-Match: ${tag.slice(0, 20)}`, patch(good, `if-match: ${tag}`), 412)
  for (const tag of ['nonsense', '', '1', '"1""1"', '"'.repeat(8_000), ','.repeat(8_000), ' ,"'.repeat(2_500)])
    add(`If-Match: ${tag.slice(0, 20)}`, patch(good, `if-match: ${tag}`), 400)
  add('Range', get(path, 'range: bytes=0-1'), 200)
  add('TE and Trailer', get(path, 'te: trailers, deflate;q=0.5', 'trailer: x'), 200)
  return cases
}
