import { createHmac } from 'node:crypto'
import type { RefusalReason } from '../../src/auth/token-refused.ts'
import {
  makeKey,
  signJws,
  signText,
  type TestIssuer,
  type TestKey,
  type TokenRequest,
  testClientId,
} from '../support/tokens.ts'

/**
 * What the rows are made of: an issuer that publishes an ES256, an RS256 and a PS256 key, and its clock. Configured are
 * ES256 and RS256.
 */
export interface Ingredients {
  readonly issuer: TestIssuer
  readonly rsa: TestKey
  readonly pss: TestKey
  /** Where the attacker publishes a key set of their own. */
  readonly attackerUrl: string
  readonly attacker: TestKey
  /** Seconds since 1970. */
  readonly now: number
}

export type BadToken = readonly [name: string, token: string, reason: RefusalReason]

/** Every way of being a bad token that is known here, by class. */
export function badTokens(ingredients: Ingredients): BadToken[] {
  return [
    ...unsigned(ingredients),
    ...wrongKeys(ingredients),
    ...keysFromTheToken(ingredients),
    ...tampered(ingredients),
    ...misshapen(ingredients),
    ...headers(ingredients),
    ...times(ingredients),
    ...issuersAndAudiences(ingredients),
    ...claims(ingredients),
  ]
}

const base64url = (text: string | Buffer) => Buffer.from(text).toString('base64url')
const part = (token: string, index: number) => token.split('.')[index] ?? ''

function hmacToken(secret: string | Buffer, algorithm: string, kid: string, token: string, hash = 'sha256'): string {
  const input = `${base64url(JSON.stringify({ alg: algorithm, kid, typ: 'at+jwt' }))}.${part(token, 1)}`
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
}

/** RFC 8725 §2.1: the algorithm is the sender's choice, so that only ours may count. */
function unsigned({ issuer, rsa, pss }: Ingredients): BadToken[] {
  const good = issuer.mint()
  const { kid, publicKey, publicJwk } = issuer.key
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
  const claim = (algorithm: unknown) => issuer.mint({ header: { alg: algorithm } })
  const spellings = ['none', 'None', 'NONE', 'nOnE', 'none ', '\u0000none', 'nоne']
  return [
    ...spellings.map((alg): BadToken => [`alg ${JSON.stringify(alg)} with a signature`, claim(alg), 'algorithm']),
    ...spellings.map(
      (alg): BadToken => [
        `alg ${JSON.stringify(alg)} without one`,
        `${part(claim(alg), 0)}.${part(good, 1)}.`,
        'malformed',
      ],
    ),
    ['alg missing', claim(undefined), 'malformed'],
    ['alg empty', claim(''), 'malformed'],
    ['alg null', claim(null), 'malformed'],
    ['alg a number', claim(256), 'malformed'],
    ['alg a list of good ones', claim(['ES256']), 'malformed'],
    ['alg in lower case', claim('es256'), 'algorithm'],
    ['alg of Object.prototype', claim('toString'), 'algorithm'],
    ['alg __proto__', claim('__proto__'), 'algorithm'],
    ['alg not configured, though key and signature fit', issuer.mint({ key: pss }), 'algorithm'],
    ['PS256 with the RSA key meant for RS256', issuer.mint({ key: { ...rsa, algorithm: 'PS256' } }), 'algorithm'],
    ['RS256 with the RSA key meant for PS256', issuer.mint({ key: { ...pss, algorithm: 'RS256' } }), 'unknown_key'],
    ['RS256 named, the EC key meant', issuer.mint({ header: { alg: 'RS256' } }), 'unknown_key'],
    ['HS256 with the public key as PEM', hmacToken(pem, 'HS256', kid, good), 'algorithm'],
    ['HS256 with the public key as PEM, trimmed', hmacToken(pem.trim(), 'HS256', kid, good), 'algorithm'],
    ['HS256 with the public key as DER', hmacToken(der, 'HS256', kid, good), 'algorithm'],
    ['HS256 with the public key as JWK', hmacToken(JSON.stringify(publicJwk), 'HS256', kid, good), 'algorithm'],
    ['HS256 with the RSA public key as PEM', hmacToken(rsaPem, 'HS256', rsa.kid, good), 'algorithm'],
    ['HS512 with the public key as PEM', hmacToken(pem, 'HS512', kid, good, 'sha512'), 'algorithm'],
    ['HS256 with an empty secret', hmacToken('', 'HS256', kid, good), 'algorithm'],
    ['an HMAC that calls itself ES256', hmacToken(pem, 'ES256', kid, good), 'signature'],
    ['an HMAC that calls itself RS256', hmacToken(rsaPem, 'RS256', rsa.kid, good), 'signature'],
  ]
}

function wrongKeys({ issuer, rsa, attacker }: Ingredients): BadToken[] {
  const mint = (kid: unknown) => issuer.mint({ key: attacker, header: { kid } })
  return [
    ["a stranger's key under the issuer's kid", mint(issuer.key.kid), 'signature'],
    ["a stranger's key without kid", mint(undefined), 'signature'],
    ["a stranger's key under its own kid", mint(attacker.kid), 'unknown_key'],
    ["the issuer's key under another key's kid", issuer.mint({ header: { kid: rsa.kid } }), 'unknown_key'],
    ['kid empty', issuer.mint({ header: { kid: '' } }), 'unknown_key'],
    ['kid in other case', issuer.mint({ header: { kid: swapCase(issuer.key.kid) } }), 'unknown_key'],
    ['kid a path', issuer.mint({ header: { kid: '../../../dev/null' } }), 'unknown_key'],
    ['kid an injection', issuer.mint({ header: { kid: "' OR 1=1 --" } }), 'unknown_key'],
    ['kid of Object.prototype', issuer.mint({ header: { kid: '__proto__' } }), 'unknown_key'],
    ['kid a number', issuer.mint({ header: { kid: 1 } }), 'malformed'],
    ['kid null', issuer.mint({ header: { kid: null } }), 'malformed'],
    ['kid a list', issuer.mint({ header: { kid: [issuer.key.kid] } }), 'malformed'],
  ]
}

const swapCase = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))

/**
 * RFC 8725 §3.10: key hints of the token are not followed. The attacker's server is real, and the test counts its
 * visitors.
 */
function keysFromTheToken({ issuer, attacker, attackerUrl }: Ingredients): BadToken[] {
  const hints = {
    jku: attackerUrl,
    x5u: attackerUrl,
    jwk: attacker.publicJwk,
    x5c: [attacker.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
  }
  return Object.entries(hints).flatMap(([name, value]): BadToken[] => [
    [`${name} of an attacker, their kid`, issuer.mint({ key: attacker, header: { [name]: value } }), 'unknown_key'],
    [
      `${name} of an attacker, the issuer's kid`,
      issuer.mint({ key: attacker, header: { [name]: value, kid: issuer.key.kid } }),
      'signature',
    ],
    [
      `${name} of an attacker, no kid`,
      issuer.mint({ key: attacker, header: { [name]: value, kid: undefined } }),
      'signature',
    ],
  ])
}

function tampered({ issuer, now }: Ingredients): BadToken[] {
  const good = issuer.mint()
  const [header, payload, signature] = [part(good, 0), part(good, 1), part(good, 2)]
  const bytes = Buffer.from(signature, 'base64url')
  const signed = (value: Buffer) => `${header}.${payload}.${base64url(value)}`
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
  const one = Buffer.from('01'.padStart(64, '0'), 'hex')
  const other = issuer.mint({ issuedAt: now - 1 })
  return [
    ['payload of another token', `${header}.${part(other, 1)}.${signature}`, 'signature'],
    [
      'payload changed',
      `${header}.${base64url(Buffer.from(payload, 'base64url').toString().replace('MSP', 'ADM'))}.${signature}`,
      'signature',
    ],
    [
      'header with a member more',
      `${base64url(JSON.stringify({ alg: 'ES256', kid: issuer.key.kid }))}.${payload}.${signature}`,
      'signature',
    ],
    [
      'header with a space more',
      `${base64url(`${Buffer.from(header, 'base64url')} `)}.${payload}.${signature}`,
      'signature',
    ],
    ['signature of another token', `${header}.${payload}.${part(other, 2)}`, 'signature'],
    [
      'signature with a bit turned',
      signed(Buffer.from(bytes.map((byte, index) => (index === 40 ? byte ^ 1 : byte)))),
      'signature',
    ],
    ['signature one byte short', signed(bytes.subarray(0, 63)), 'signature'],
    ['signature one byte long', signed(Buffer.concat([bytes, Buffer.of(0)])), 'signature'],
    ['signature of one byte', signed(Buffer.of(0)), 'signature'],
    ['signature with r and s swapped', signed(Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)])), 'signature'],
    ['signature of r = s = 0 (CVE-2022-21449)', signed(Buffer.alloc(64)), 'signature'],
    ['signature of r = s = 1', signed(Buffer.concat([one, one])), 'signature'],
    ['signature of r = s = n', signed(Buffer.concat([order, order])), 'signature'],
    ['signature in DER instead of r and s', signed(derSignature(bytes)), 'signature'],
    ['signature of the payload alone', signed(signText(payload, issuer.key)), 'signature'],
  ]
}

function derSignature(bytes: Buffer): Buffer {
  const integer = (value: Buffer) => Buffer.concat([Buffer.of(2, value.length + 1, 0), value])
  const content = Buffer.concat([integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))])
  return Buffer.concat([Buffer.of(0x30, content.length), content])
}

function misshapen({ issuer }: Ingredients): BadToken[] {
  const good = issuer.mint()
  const [header, payload, signature] = [part(good, 0), part(good, 1), part(good, 2)]
  const raw = (head: unknown, body: unknown) => signJws(head, body, issuer.key)
  const head = { alg: 'ES256', kid: issuer.key.kid }
  const shapes: [string, string][] = [
    ['empty', ''],
    ['a word', 'nonsense'],
    ['dots only', '..'],
    ['no dots', good.replaceAll('.', '')],
    ['signature stripped, dot kept', `${header}.${payload}.`],
    ['signature stripped', `${header}.${payload}`],
    ['two segments', `${payload}.${signature}`],
    ['four segments', `${good}.${signature}`],
    ['five segments, as a JWE has', `${good}.${payload}.${signature}`],
    ['a dot at the end', `${good}.`],
    ['header missing', `.${payload}.${signature}`],
    ['payload missing', `${header}..${signature}`],
    ['a space at the end', `${good} `],
    ['a line break at the end', `${good}\n`],
    ['a tab in the middle', `${header}.\t${payload}.${signature}`],
    ['a line break within the signature', `${header}.${payload}.${signature.slice(0, 40)}\n${signature.slice(40)}`],
    ['padding', `${good}==`],
    ['base64 instead of base64url', `${header}.${payload}.+/${signature.slice(2)}`],
    ['a character beyond ASCII', `${header}.${payload}.é${signature.slice(1)}`],
    ['NUL', `${good}\u0000`],
    ['unused bits set in the last character', `${good.slice(0, -1)}${nextCharacter(good.at(-1) ?? '')}`],
    ['longer than 8,192 characters', issuer.mint({ claims: { filler: 'x'.repeat(8_192) } })],
    ['8,193 characters', 'a'.repeat(8_193)],
    ['header not JSON', raw('{', {})],
    ['header a list', raw([], {})],
    ['header null', raw('null', {})],
    ['header a text', raw('"ES256"', {})],
    ['header not UTF-8', `${base64url(Buffer.of(0x7b, 0xff, 0x7d))}.${payload}.${signature}`],
    ['payload not JSON', raw(head, 'sub=1')],
    ['payload a list', raw(head, [])],
    ['payload null', raw(head, 'null')],
    ['payload a number', raw(head, '1')],
    ['payload a token', raw({ ...head, cty: 'JWT' }, good)],
    ['payload with NaN', raw(head, '{"exp":NaN}')],
    ['payload cut off', raw(head, '{"exp":1')],
  ]
  return shapes.map(([name, token]) => [name, token, 'malformed'])
}

/** The next of the alphabet: its last bit is one that a decoder does not look at. */
function nextCharacter(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(character) + 1] ?? ''
}

function headers({ issuer }: Ingredients): BadToken[] {
  const typed = (typ: unknown): BadToken => [`typ ${JSON.stringify(typ)}`, issuer.mint({ header: { typ } }), 'type']
  const types = [
    'id+jwt',
    'ID+JWT',
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'application/id+jwt',
    'application/',
    'application/application/jwt',
    'application/at+jwt;charset=utf-8',
    'text/jwt',
    'at+jwt ',
    'jw',
    '',
  ]
  const critical = (name: string, header: Record<string, unknown>): BadToken => [
    name,
    issuer.mint({ header }),
    'critical',
  ]
  const input = (header: object, payload: string) => `${base64url(JSON.stringify(header))}.${payload}`
  const unencoded = input({ alg: 'ES256', kid: issuer.key.kid, b64: false, crit: ['b64'] }, part(issuer.mint(), 1))
  return [
    ...[...types, 1, null, true, ['JWT'], { typ: 'JWT' }].map(typed),
    critical('crit unknown', { crit: ['exp'], exp: 1 }),
    critical('crit empty', { crit: [] }),
    critical('crit null', { crit: null }),
    critical('crit a text', { crit: 'b64' }),
    critical('crit b64: true', { crit: ['b64'], b64: true }),
    critical('b64: false without crit', { b64: false }),
    ['payload not encoded (b64: false)', `${unencoded}.${base64url(signText(unencoded, issuer.key))}`, 'critical'],
  ]
}

function times({ issuer, now }: Ingredients): BadToken[] {
  const rows: [string, Record<string, unknown>, RefusalReason][] = [
    ['exp long ago', { exp: now - 3_600 }, 'expired'],
    ['exp 30 s ago', { exp: now - 30 }, 'expired'],
    ['exp 0', { exp: 0 }, 'expired'],
    ['exp negative', { exp: -1 }, 'expired'],
    ['exp missing', { exp: undefined }, 'claims'],
    ['exp null, as JSON writes NaN', { exp: Number.NaN }, 'claims'],
    ['exp a text', { exp: String(now + 3_600) }, 'claims'],
    ['exp a date', { exp: '2099-01-01T00:00:00Z' }, 'claims'],
    ['exp true', { exp: true }, 'claims'],
    ['exp a list', { exp: [now + 3_600] }, 'claims'],
    ['iat missing', { iat: undefined }, 'claims'],
    ['iat a text', { iat: String(now) }, 'claims'],
    ['iat null', { iat: null }, 'claims'],
    ['iat 31 s in the future', { iat: now + 31 }, 'not_yet_valid'],
    ['iat in milliseconds', { iat: now * 1_000 }, 'not_yet_valid'],
    ['nbf 31 s in the future', { nbf: now + 31 }, 'not_yet_valid'],
    ['nbf a text', { nbf: String(now) }, 'claims'],
    ['nbf null', { nbf: null }, 'claims'],
  ]
  const infinite = (claim: string) => {
    const payload = JSON.stringify(
      JSON.parse(Buffer.from(part(issuer.mint({ claims: { [claim]: 'infinite' } }), 1), 'base64url').toString()),
    )
    return signJws({ alg: 'ES256', kid: issuer.key.kid }, payload.replace('"infinite"', '1e999'), issuer.key)
  }
  return [
    ...rows.map(([name, changed, reason]): BadToken => [name, issuer.mint({ claims: changed }), reason]),
    ['exp infinite (1e999)', infinite('exp'), 'claims'],
    ['iat infinite (1e999)', infinite('iat'), 'claims'],
    ['nbf infinite (1e999)', infinite('nbf'), 'not_yet_valid'],
  ]
}

function issuersAndAudiences({ issuer }: Ingredients): BadToken[] {
  const { issuer: iss, audience: aud } = issuer
  const wrong = (claim: string, reason: RefusalReason, values: unknown[]) =>
    values.map(
      (value): BadToken => [
        `${claim} ${JSON.stringify(value) ?? 'missing'}`,
        issuer.mint({ claims: { [claim]: value } }),
        reason,
      ],
    )
  return [
    ...wrong('iss', 'issuer', [
      'https://elsewhere.test/',
      iss.slice(0, -1),
      `${iss}x`,
      iss.toUpperCase(),
      ` ${iss}`,
      '',
      1,
      null,
      undefined,
    ]),
    ...wrong('iss', 'issuer', [[iss], { iss }]),
    ...wrong('aud', 'audience', [
      'https://elsewhere.test/',
      aud.slice(0, -1),
      `${aud}admin`,
      aud.toUpperCase(),
      '',
      1,
      null,
      undefined,
    ]),
    ...wrong('aud', 'audience', [[], [`${aud}x`, 'y'], [[aud]], { [aud]: true }, { 0: aud, length: 1 }]),
    ...wrong('aud', 'claims', [
      [aud, 1],
      [aud, null],
    ]),
  ]
}

function claims({ issuer }: Ingredients): BadToken[] {
  const rows = (claim: string, values: unknown[]) =>
    values.map((value): BadToken => {
      const name = JSON.stringify(value)?.slice(0, 40) ?? 'missing'
      return [`${claim} ${name}`, issuer.mint({ claims: { [claim]: value } } satisfies TokenRequest), 'claims']
    })
  const notTexts = [undefined, null, 1, 0, true, [], {}, [testClientId], { $ne: null }]
  const notNames = [...notTexts, '', 'a\u0000', '\u0000', 'a\nb', 'a\tb', '\u007f', '\u0085', '\ud800', 'x'.repeat(256)]
  const uuid = testClientId
  const notUuids = [
    '',
    'client',
    `{${uuid}}`,
    `urn:uuid:${uuid}`,
    uuid.replaceAll('-', ''),
    ` ${uuid}`,
    `${uuid}\n`,
    `${uuid}0`,
    `${uuid},${uuid}`,
  ]
  const word = 'connection:write'
  const notScopes = [[word], `a\t${word}`, `a\n${word}`, `a\u00a0${word}`, `"${word}"`, 'a\\b', 'é', 'a\u0000']
  return [
    ...rows('sub', notNames),
    ...rows('client_type', notNames),
    ...rows('client_id', [...notTexts, ...notUuids]),
    ...rows('scope', [...notTexts, ...notScopes]),
  ]
}

/** A key that nobody publishes. */
export const strangersKey = () => makeKey('ES256')
