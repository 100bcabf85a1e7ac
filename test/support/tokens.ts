import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JSONWebKeySet, JWK } from 'jose'
import type { SignatureAlgorithm } from '../../src/auth/algorithms.ts'
import { recordHidden } from './recordings.ts'

/**
 * Tokens are put together and signed with node:crypto, not with jose: the code under test does not vouch for itself,
 * and any nonsense can be signed.
 */
export interface TestKey {
  readonly algorithm: SignatureAlgorithm
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** As it stands in the key set. */
  readonly publicJwk: JWK
}

export interface TokenRequest {
  readonly clientId?: string | undefined
  readonly clientType?: string | undefined
  readonly scope?: string | undefined
  /** The user behind the client; without it the client speaks for itself (`sub` = `client_id`). */
  readonly userId?: string | undefined
  /** Seconds since 1970. */
  readonly issuedAt?: number | undefined
  readonly expiresInSeconds?: number | undefined
  /** Signs with this key; the issuer's current one by default. */
  readonly key?: TestKey | undefined
  /** Replaces claims one by one; undefined leaves the claim out. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** Replaces header members one by one; undefined leaves the member out. */
  readonly header?: Readonly<Record<string, unknown>> | undefined
}

export interface TestIssuer {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string
  /** The key that signs now. */
  readonly key: TestKey
  /** A signed access token, good unless the request says otherwise. */
  mint(request?: TokenRequest): string
  /** The public keys as published now. */
  jwks(): JSONWebKeySet
  /** Publishes these members instead. */
  publish(...members: readonly unknown[]): void
  /** Signs with a new key from now on, and publishes it, with the old ones if they are to be kept. */
  rotate(options?: { readonly keepOld?: boolean; readonly key?: TestKey }): TestKey
  /** Requests that the key server has seen. */
  hits(): number
  /** The key server's bad days. Each lasts until the next one or `recover`. */
  fail(status?: number): void
  hang(): void
  slow(milliseconds: number): void
  reset(): void
  send(body: string): void
  answer(listener: RequestListener): void
  recover(): void
  /** Nobody listens any more: connections are refused. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  restart(): Promise<void>
  close(): Promise<void>
}

export const testClientId = '10000000-0000-4000-8000-000000000001'

const base64url = (data: string | Buffer) => Buffer.from(data).toString('base64url')

/** Makes a key. The kid is the key's own digest unless it is given. */
export function makeKey(algorithm: SignatureAlgorithm = 'ES256', kid?: string): TestKey {
  const { privateKey, publicKey } = generateKeys(algorithm)
  const jwk = publicKey.export({ format: 'jwk' })
  const name = kid ?? createHash('sha256').update(JSON.stringify(jwk)).digest('base64url').slice(0, 16)
  return {
    algorithm,
    kid: name,
    privateKey,
    publicKey,
    publicJwk: { ...jwk, kid: name, alg: algorithm, use: 'sig' } as JWK,
  }
}

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const
const mlDsa = { 'ML-DSA-44': 'ml-dsa-44', 'ML-DSA-65': 'ml-dsa-65', 'ML-DSA-87': 'ml-dsa-87' } as const

function generateKeys(algorithm: SignatureAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256' || algorithm === 'ES384' || algorithm === 'ES512')
    return generateKeyPairSync('ec', { namedCurve: curves[algorithm] })
  if (algorithm === 'ML-DSA-44' || algorithm === 'ML-DSA-65' || algorithm === 'ML-DSA-87')
    return generateKeyPairSync(mlDsa[algorithm])
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2_048 })
}

/** The signature of a text, in the form that JWS wants (RFC 7518 §3, RFC 8037 §3.1). */
export function signText(text: string, { algorithm, privateKey }: TestKey): Buffer {
  const data = Buffer.from(text)
  const [, family, bits] = /^(RS|PS|ES)(\d+)$/.exec(algorithm) ?? []
  if (family === 'RS') return sign(`sha${bits}`, data, privateKey)
  if (family === 'ES') return sign(`sha${bits}`, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  if (family === 'PS')
    return sign(`sha${bits}`, data, {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    })
  return sign(null, data, privateKey)
}

/** A compact JWS over anything; texts go in as they are, so that JSON can be written by hand. */
export function signJws(header: unknown, payload: unknown, key: TestKey): string {
  const input = `${base64url(textOf(header))}.${base64url(textOf(payload))}`
  const token = `${input}.${base64url(signText(input, key))}`
  recordHidden(token)
  return token
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/**
 * Starts an issuer with a real key and a real HTTP server for its key set, on a free port of the loopback interface.
 */
export async function startTestIssuer({
  algorithm = 'ES256',
}: {
  readonly algorithm?: SignatureAlgorithm
} = {}): Promise<TestIssuer> {
  const issuer = 'https://issuer.test/'
  const audience = 'https://gateway.test/'
  let key = makeKey(algorithm)
  let members: readonly unknown[] = [key.publicJwk]
  let hits = 0

  const sendKeys = (response: ServerResponse) => sendText(response, JSON.stringify({ keys: members }))
  const good: RequestListener = (_request, response) => sendKeys(response)
  let listener = good

  const server = createServer((request, response) => {
    hits += 1
    listener(request, response)
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const port = await listen(0)

  return {
    issuer,
    audience,
    jwksUrl: `http://127.0.0.1:${port}/.well-known/jwks.json`,
    get key() {
      return key
    },
    mint(request = {}) {
      const signer = request.key ?? key
      const {
        clientId = testClientId,
        clientType = 'MSP',
        scope = 'connection:read connection:write',
        userId = clientId,
      } = request
      const { issuedAt = Math.floor(Date.now() / 1_000), expiresInSeconds = 3_600 } = request
      const header = { alg: signer.algorithm, kid: signer.kid, typ: 'at+jwt', ...request.header }
      const claims = { iss: issuer, aud: audience, sub: userId, client_id: clientId, client_type: clientType, scope }
      return signJws(header, { ...claims, iat: issuedAt, exp: issuedAt + expiresInSeconds, ...request.claims }, signer)
    },
    jwks: () => ({ keys: members as JWK[] }),
    publish(...published) {
      members = published
    },
    rotate({ keepOld = false, key: next = makeKey(algorithm) } = {}) {
      key = next
      members = [...(keepOld ? members : []), key.publicJwk]
      return key
    },
    hits: () => hits,
    fail(status = 500) {
      listener = (_request, response) => response.writeHead(status).end('no keys today')
    },
    hang() {
      listener = () => {}
    },
    slow(milliseconds) {
      listener = (_request, response) => setTimeout(() => sendKeys(response), milliseconds)
    },
    reset() {
      listener = (request) => request.socket.destroy()
    },
    send(body) {
      listener = (_request, response) => sendText(response, body)
    },
    answer(next) {
      listener = next
    },
    recover() {
      listener = good
    },
    stop,
    async restart() {
      await listen(port)
    },
    close: stop,
  }
}

function sendText(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(body)
}
