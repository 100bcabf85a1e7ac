import { existsSync } from 'node:fs'
import { join, sep } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ConsoleConfig } from '../config/shape.ts'
import { version } from '../config/version.ts'
import { GatewayError } from '../domain/errors.ts'
import { refuseOtherMethods } from './http-server.ts'
import { noteError } from './outcome.ts'
import { ignoreConditions } from './whole-files.ts'

export interface ConsolePagesOptions {
  /** Where `npm run build:console` writes. */
  readonly directory: string
  /** What the console learns from `/console/config.json`. The development issuer has the host of the request. */
  readonly configOf: (request: FastifyRequest) => ConsoleConfig
}

/** A file of the build. No segment begins with a dot, so no path leads to a hidden file or out of the folder. */
const filePath = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*\.(?!br$|gz$)\w+$/

/** Features of browsers that the console never uses. It may write to the clipboard: people copy secrets and ids. */
const permissions = [
  ...['accelerometer', 'autoplay', 'camera', 'clipboard-read', 'display-capture', 'encrypted-media', 'fullscreen'],
  ...['geolocation', 'gyroscope', 'magnetometer', 'microphone', 'midi', 'payment', 'publickey-credentials-get'],
  ...['screen-wake-lock', 'usb', 'xr-spatial-tracking'],
]
const permissionsPolicy = [...permissions.map((feature) => `${feature}=()`), 'clipboard-write=(self)'].join(', ')

/** The content security policy of the console. It has no exception: no inline script, no inline style, no `eval`. */
function policyOf({ issuer, tokenEndpoint }: ConsoleConfig): string {
  const origins = new Set([issuer, tokenEndpoint ?? issuer].map((url) => new URL(url).origin))
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    `connect-src 'self' ${[...origins].join(' ')}`,
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

const notBuilt = 'The console has not been built. Run: npm run build:console\n'

/**
 * `/console/*`: the files of the console, which need no token, and its configuration. A path without a dot is a screen
 * of the console, so it gets `index.html`.
 */
export async function consolePages(app: FastifyInstance, { directory, configOf }: ConsolePagesOptions): Promise<void> {
  const assets = join(directory, 'assets', sep)
  await app.register(async (pages) => {
    await pages.register(fastifyStatic, {
      root: directory,
      serve: false,
      preCompressed: true,
      suppressWarning: true,
      // A copied image may give two builds one date and one size, so an ETag made of them could name either.
      etag: false,
      lastModified: false,
      acceptRanges: false,
      cacheControl: false,
      dotfiles: 'ignore',
      index: false,
      // Only a file that exists gets these: a 404 must not be kept.
      setHeaders: (reply, path) => {
        reply
          .header('content-security-policy', policyOf(configOf(reply.request)))
          .header('permissions-policy', permissionsPolicy)
          // Names of assets hold their digest.
          .header('cache-control', path.startsWith(assets) ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
    pages.addHook('onRequest', ignoreConditions)

    function sendScreen(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      if (existsSync(join(directory, 'index.html'))) return reply.sendFile('index.html')
      noteError(request.outcome, new GatewayError('unavailable', {}, new Error(notBuilt.trim())))
      return reply.code(503).type('text/plain; charset=utf-8').send(notBuilt)
    }

    const hidden = { schema: { hide: true } }
    pages.get('/console', hidden, (request, reply) =>
      // The router takes both spellings for one, but relative addresses need the slash.
      /^\/console\/(?:\?|$)/.test(request.raw.url ?? '')
        ? sendScreen(request, reply)
        : reply.redirect('/console/', 308),
    )
    pages.get('/console/config.json', hidden, (request) => ({ ...configOf(request), version }))
    pages.get<{ Params: { '*': string } }>('/console/*', hidden, (request, reply) => {
      const path = request.params['*']
      if (!path.includes('.')) return sendScreen(request, reply)
      return filePath.test(path) ? reply.sendFile(path) : reply.callNotFound()
    })
    for (const url of ['/console', '/console/config.json', '/console/*']) refuseOtherMethods(pages, url, ['GET'])
  })
}
