import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStaticKeySet } from '../../src/auth/static-key-set.ts'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { developmentAudience, developmentIssuer, openDevelopmentIssuer } from '../../src/development/issuer.ts'
import { testClientId } from '../support/tokens.ts'

const userId = '30000000-0000-4000-8000-000000000001'
const token = { clientId: testClientId, clientType: 'MSP', scope: 'connection:read' }

let dataDir: string
let keyFile: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gateway-issuer-'))
  keyFile = join(dataDir, 'development-issuer.jwk.json')
})
afterEach(() => rm(dataDir, { recursive: true }))

type Issuer = Awaited<ReturnType<typeof openDevelopmentIssuer>>

async function verifierOf({ issuer, audience, jwks }: Issuer, now = Date.now) {
  return createTokenVerifier({
    issuer,
    audience,
    algorithms: ['ES256'],
    keys: await createStaticKeySet(jwks),
    cacheSeconds: 0,
    now,
  })
}

describe('the development issuer', () => {
  it('the verifier accepts tokens of the development issuer', async () => {
    const issuer = await openDevelopmentIssuer(dataDir)
    expect(await (await verifierOf(issuer)).verify(await issuer.sign({ ...token, userId }))).toEqual({
      clientId: testClientId,
      clientType: 'MSP',
      scopes: ['connection:read'],
      userId,
    })
    expect(await (await verifierOf(issuer)).verify(await issuer.sign(token))).toMatchObject({ userId: null })
  })

  it('a token lives 12 hours by default, or as long as the caller asks', async () => {
    const issuer = await openDevelopmentIssuer(dataDir)
    const hours = (count: number) => () => Date.now() + count * 3_600_000
    const long = await issuer.sign(token)
    const short = await issuer.sign({ ...token, expiresInSeconds: 60 })
    await expect((await verifierOf(issuer, hours(11.9))).verify(long)).resolves.toMatchObject({
      clientId: testClientId,
    })
    await expect((await verifierOf(issuer, hours(12.1))).verify(long)).rejects.toMatchObject({ reason: 'expired' })
    await expect((await verifierOf(issuer, hours(0.1))).verify(short)).rejects.toMatchObject({ reason: 'expired' })
  })

  it('the issuer has fixed names and publishes the public key only', async () => {
    const { issuer, audience, jwks } = await openDevelopmentIssuer(dataDir)
    expect([issuer, audience]).toEqual([developmentIssuer, developmentAudience])
    expect([developmentIssuer, developmentAudience]).toEqual([
      'urn:mithril-connection-gateway:development',
      'mithril-connection-gateway',
    ])
    expect(jwks.keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']])
  })

  it('only the owner can read the key file, and no other file stays', async () => {
    await openDevelopmentIssuer(dataDir)
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    expect(await readdir(dataDir)).toEqual(['development-issuer.jwk.json'])
  })

  it('the issuer makes its directory', async () => {
    const { jwks } = await openDevelopmentIssuer(join(dataDir, 'a', 'b'))
    expect(jwks.keys).toHaveLength(1)
  })

  it('the issuer has the same key after a restart', async () => {
    const before = await openDevelopmentIssuer(dataDir)
    const after = await openDevelopmentIssuer(dataDir)
    expect(after.jwks).toEqual(before.jwks)
    expect(await (await verifierOf(after)).verify(await before.sign(token))).toMatchObject({ clientId: testClientId })
  })

  it('issuers that start at the same time agree on one key', async () => {
    const issuers = await Promise.all(Array.from({ length: 20 }, () => openDevelopmentIssuer(dataDir)))
    expect(new Set(issuers.map(({ jwks }) => JSON.stringify(jwks))).size).toBe(1)
    expect(await readdir(dataDir)).toEqual(['development-issuer.jwk.json'])
  })

  const damages: [string, (good: string) => string][] = [
    ['empty', () => ''],
    ['cut off', (good) => good.slice(0, 60)],
    ['not an object', () => '[]'],
    ['without the private part', (good) => JSON.stringify({ ...JSON.parse(good), d: undefined })],
    ['of another curve', (good) => JSON.stringify({ ...JSON.parse(good), crv: 'P-384' })],
    ['a symmetric key', () => JSON.stringify({ kty: 'oct', k: 'A'.repeat(43) })],
    [
      'with a private part that does not belong to it',
      (good) => JSON.stringify({ ...JSON.parse(good), d: `${'A'.repeat(42)}E` }),
    ],
    ['with a point off the curve', (good) => JSON.stringify({ ...JSON.parse(good), x: 'A'.repeat(43) })],
  ]

  it.each(damages)('the error names a damaged file and says what to do: %s', async (_name, damage) => {
    await openDevelopmentIssuer(dataDir)
    const good = await readFile(keyFile, 'utf8')
    await writeFile(keyFile, damage(good))
    const failure = await openDevelopmentIssuer(dataDir).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(String(failure)).toContain(`${keyFile} is damaged. Delete the file`)
    // The file is a private key: no part of it may come out with the error.
    expect(failure).not.toHaveProperty('cause')
    expect(String(failure)).not.toContain(JSON.parse(good).d.slice(0, 8))
  })

  it('an error of the file system is passed on', async () => {
    await expect(openDevelopmentIssuer('/dev/null/nowhere')).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})
