import { describe, expect, it } from 'vitest'
import { readBearer, tokenLengthAtMost } from '../../src/auth/bearer.ts'

const authorization = (value: string) => ['Host', 'gateway.test', 'Authorization', value, 'Accept', '*/*']

describe('readBearer', () => {
  it.each([
    ['as everybody writes it', ['Authorization', 'Bearer abc.def.ghi'], 'abc.def.ghi'],
    ['between other headers', authorization('Bearer abc'), 'abc'],
    ['header name in lower case', ['authorization', 'Bearer abc'], 'abc'],
    ['header name in capitals', ['AUTHORIZATION', 'Bearer abc'], 'abc'],
    ['scheme in lower case (RFC 9110 §11.1)', authorization('bearer abc'), 'abc'],
    ['scheme in capitals', authorization('BEARER abc'), 'abc'],
    ['several spaces (RFC 6750 §2.1: 1*SP)', authorization('Bearer   abc'), 'abc'],
    ['every character of b64token', authorization('Bearer azAZ09-._~+/=='), 'azAZ09-._~+/=='],
    ['the longest token', authorization(`Bearer ${'a'.repeat(tokenLengthAtMost)}`), 'a'.repeat(tokenLengthAtMost)],
    ['a look-alike header beside it', ['X-Authorization', 'Bearer x', 'Authorization', 'Bearer abc'], 'abc'],
    ['a header of the same length beside it', ['Accept-Ranges', 'Bearer x', 'Authorization', 'Bearer abc'], 'abc'],
    ['the header name as a value', ['Accept', 'Authorization', 'Authorization', 'Bearer abc'], 'abc'],
  ])('reads the token: %s', (_name, rawHeaders, token) => {
    expect(readBearer(rawHeaders)).toEqual({ kind: 'token', token })
  })

  it.each([
    ['no header at all', []],
    ['other headers only', ['Host', 'gateway.test', 'Proxy-Authorization', 'Bearer abc']],
    ['the token in another header', ['X-Access-Token', 'abc']],
    ['Basic', authorization('Basic dXNlcjpwYXNz')],
    ['Digest with parameters', authorization('Digest username="x", realm="y"')],
    ['a scheme alone', authorization('Negotiate')],
    ['a scheme that begins like Bearer', authorization('Bearers abc')],
    ['an unknown scheme', authorization('DPoP abc')],
  ])('finds none: %s', (_name, rawHeaders) => {
    expect(readBearer(rawHeaders)).toEqual({ kind: 'none' })
  })

  it.each([
    ['Bearer without a token', 'Bearer'],
    ['Bearer and a space', 'Bearer '],
    ['two tokens', 'Bearer abc def'],
    ['two tokens in a list', 'Bearer abc, Bearer def'],
    ['two tokens joined by a proxy', 'Bearer abc,def'],
    ['a space after the token', 'Bearer abc '],
    ['a quoted token', 'Bearer "abc"'],
    ['a parameter', 'Bearer token=abc'],
    ['= in the middle', 'Bearer ab=c'],
    ['= alone', 'Bearer ='],
    ['a character beyond ASCII', 'Bearer abcé'],
    ['a control character', 'Bearer abc\u0000'],
    ['a line break', 'Bearer abc\n'],
    ['per cent encoding', 'Bearer abc%20def'],
  ])('refuses malformed credentials: %s', (_name, value) => {
    expect(readBearer(authorization(value))).toEqual({ kind: 'refused', why: 'malformed Bearer credentials' })
  })

  it.each([
    ['an empty header', ''],
    ['a tab between scheme and token', 'Bearer\tabc'],
    ['a space first', ' Bearer abc'],
    ['a scheme that is no token', 'Bearer: abc'],
    ['a scheme beyond ASCII', 'Béarer abc'],
  ])('refuses a header without a scheme: %s', (_name, value) => {
    expect(readBearer(authorization(value))).toEqual({
      kind: 'refused',
      why: 'an Authorization header without a scheme',
    })
  })

  it.each([
    ['the same twice', ['Authorization', 'Bearer abc', 'Authorization', 'Bearer abc']],
    ['in different case', ['Authorization', 'Bearer abc', 'authorization', 'Bearer def']],
    ['Basic first', ['Authorization', 'Basic eDp5', 'Host', 'gateway.test', 'Authorization', 'Bearer abc']],
    ['Basic last', ['Authorization', 'Bearer abc', 'Authorization', 'Basic eDp5']],
    ['the first one empty', ['Authorization', '', 'Authorization', 'Bearer abc']],
    ['three', ['Authorization', 'Bearer a', 'Authorization', 'Bearer b', 'Authorization', 'Bearer c']],
  ])('refuses more than one Authorization header: %s', (_name, rawHeaders) => {
    expect(readBearer(rawHeaders)).toEqual({ kind: 'refused', why: 'more than one Authorization header' })
  })

  it('a token of 8,193 characters is refused', () => {
    const why = 'a token longer than 8192 characters'
    expect(readBearer(authorization(`Bearer ${'a'.repeat(tokenLengthAtMost + 1)}`))).toEqual({ kind: 'refused', why })
  })

  it('`why` never holds the token', () => {
    const secret = 'c2VjcmV0'
    for (const value of [`Bearer ${secret} ${secret}`, `Bearer\t${secret}`, `Bearer ${secret.repeat(2_000)}`]) {
      expect(JSON.stringify(readBearer(authorization(value)))).not.toContain(secret)
    }
  })

  it('reading takes time in proportion to the length of the header', () => {
    const hostile = [
      '='.repeat(500_000),
      `${'a='.repeat(250_000)} `,
      `${' '.repeat(500_000)}é`,
      `${'a'.repeat(500_000)}é`,
    ]
    const before = process.cpuUsage()
    for (const value of hostile) expect(readBearer(authorization(`Bearer ${value}`)).kind).toBe('refused')
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000).toBeLessThan(1_000)
  })
})
