import type { FastifyInstance } from 'fastify'
import type { GraphiQLOptions } from 'graphql-yoga'
import { HttpRefusal } from '../server/http-refusals.ts'
import { examples } from './examples.ts'
import { loadGraphiqlFiles } from './graphiql-files.ts'
import type { DevelopmentIssuer } from './issuer.ts'
import { loopbackHostOf } from './loopback-host.ts'

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete'

/**
 * The tabs that GraphiQL opens with: one for each example, with new tokens at each load.
 * @param sign undefined: people use tokens of their own issuer
 */
async function optionsOf(sign: DevelopmentIssuer['sign'] | undefined): Promise<GraphiQLOptions> {
  const tabs = await Promise.all(
    examples.map(async ({ comment, document, variables, caller }) => ({
      query: `# ${comment}\n${document}\n`,
      variables: variables === null ? '' : JSON.stringify(variables, null, 2),
      headers: JSON.stringify(
        { authorization: `Bearer ${(await sign?.({ ...caller, scope })) ?? '<access token of your issuer>'}` },
        null,
        2,
      ),
    })),
  )
  return {
    title: 'Mithril connection gateway',
    defaultTabs: tabs,
    ...(tabs[0] && { defaultQuery: tabs[0].query, headers: tabs[0].headers, defaultHeaders: tabs[0].headers }),
    schemaDescription: true,
  }
}

/**
 * The content security policy of the page. Scripts and styles have the page's origin, Monaco's workers `blob:` URLs.
 */
const pagePolicy =
  "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; worker-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'"

/**
 * `GET /graphql` for browsers: GraphiQL. The page is small, and no browser stores it, because it may hold tokens. Its
 * script and its style sheet have megabytes, so the gateway compresses them and browsers store them.
 * @param sign makes the tokens of the page; undefined: the page has none
 */
export function graphiqlPage(app: FastifyInstance, sign?: DevelopmentIssuer['sign']): void {
  app.get('/graphql', { schema: { hide: true } }, async (request, reply) => {
    if (!request.headers.accept?.includes('text/html'))
      throw new HttpRefusal('methodNotAllowed', { allowedMethods: ['POST'], reason: 'post_only' })
    const options = await optionsOf(loopbackHostOf(request.headers) === null ? undefined : sign)
    const { version } = await loadGraphiqlFiles()
    reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8')
    // The HTML parser ends a script element at the first `</script`, also inside a string.
    return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>${options.title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/graphql/graphiql-${version}.css">
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>You need to enable JavaScript to run this app.</noscript>
    <div id="root"></div>
    <script id="options" type="application/json">${JSON.stringify(options).replaceAll('<', '\\u003c')}</script>
    <script src="/graphql/graphiql-${version}.js"></script>
  </body>
</html>
`
  })

  app.get<{ Params: { name: string } }>('/graphql/:name', { schema: { hide: true } }, async (request, reply) => {
    const file = (await loadGraphiqlFiles()).files.get(request.params.name)
    if (file === undefined) return reply.callNotFound()
    reply
      .type(file.type)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding')
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return file.text
    return reply.header('content-encoding', 'gzip').send(await file.gzip())
  })
}
