import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
} from 'jose'
import { z } from 'zod'

export const developmentIssuer = 'urn:mithril-connection-gateway:development'
export const developmentAudience = 'mithril-connection-gateway'

const twelveHours = 12 * 60 * 60

/** A private key of P-256 (RFC 7518 §6.2). Each member has 32 bytes. */
const member = z.string().regex(/^[\w-]{43}$/)
const privateJwk = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: member, y: member, d: member })
type PrivateJwk = z.infer<typeof privateJwk>

/** The claims of a development token. */
export interface DevelopmentToken {
  readonly clientId: string
  readonly clientType: string
  /** Scope words separated by single spaces. */
  readonly scope: string
  /** Absent: the token is for the client itself. */
  readonly userId?: string
  /** 12 hours by default. */
  readonly expiresInSeconds?: number
}

export interface DevelopmentIssuer {
  readonly issuer: string
  readonly audience: string
  /** The public key only. */
  readonly jwks: JSONWebKeySet
  /** The private key with its `kid`, for the sign-in of the console. It must be in no answer and in no log. */
  readonly signingKey: JWK
  sign(token: DevelopmentToken): Promise<string>
}

/**
 * Opens the issuer of development tokens. The first start makes an ES256 key and stores it in
 * `<dataDir>/development-issuer.jwk.json`, so that tokens stay valid after a restart. Use it for development only: any
 * user who can read the file can make every token.
 *
 * @throws Error naming the file and what to do, if the file does not hold such a key
 */
export async function openDevelopmentIssuer(dataDir: string): Promise<DevelopmentIssuer> {
  const path = join(dataDir, 'development-issuer.jwk.json')
  await mkdir(dataDir, { recursive: true })
  const jwk = (await readKey(path)) ?? (await makeKey(path))
  const { d: _private, ...publicJwk } = jwk
  const kid = await calculateJwkThumbprint(publicJwk)
  const privateKey = await importPrivateKey(jwk, path)
  const published: JWK = { ...publicJwk, kid, alg: 'ES256', use: 'sig' }

  return {
    issuer: developmentIssuer,
    audience: developmentAudience,
    jwks: { keys: [published] },
    signingKey: { ...jwk, kid, alg: 'ES256', use: 'sig' },
    sign({ clientId, clientType, scope, userId = clientId, expiresInSeconds = twelveHours }) {
      const issuedAt = Math.floor(Date.now() / 1_000)
      return new SignJWT({ client_id: clientId, client_type: clientType, scope })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
        .setIssuer(developmentIssuer)
        .setAudience(developmentAudience)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + expiresInSeconds)
        .sign(privateKey)
    },
  }
}

async function readKey(path: string): Promise<PrivateJwk | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    return privateJwk.parse(JSON.parse(text))
  } catch {
    // The error has no cause: JSON.parse quotes the text in its messages, and this text is a private key.
    throw damaged(path)
  }
}

/**
 * Writes the key to a temporary file and links it to its name. So no reader sees half a file, and only one of two
 * processes that start at once stores its key.
 */
async function makeKey(path: string): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y, d } = await exportJWK(privateKey)
  const temporary = `${path}.${randomUUID()}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify({ kty, crv, x, y, d })}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, path)
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error
  } finally {
    await rm(temporary, { force: true })
  }
  // The file decides, also if another process has written it.
  const agreed = await readKey(path)
  if (agreed === undefined) throw new Error(`${path} vanished while it was being made`)
  return agreed
}

async function importPrivateKey(jwk: PrivateJwk, path: string): Promise<CryptoKey> {
  try {
    return await importJWK({ ...jwk, ext: false }, 'ES256').then(asCryptoKey)
  } catch {
    throw damaged(path)
  }
}

function asCryptoKey(key: CryptoKey | Uint8Array): CryptoKey {
  if (key instanceof Uint8Array) throw new TypeError('not an asymmetric key')
  return key
}

function damaged(path: string): Error {
  return new Error(
    `The development key ${path} is damaged. Delete the file: a new key is made at the next start, ` +
      'and development tokens signed so far become invalid.',
  )
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
