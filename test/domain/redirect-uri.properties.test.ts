import { domainToASCII, domainToUnicode } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { partsOf } from '../../src/domain/redirect-uri-parts.ts'
import { redirectUriFaults } from '../../src/domain/redirect-uri-rules.ts'
import { describeViolation } from '../../src/domain/violation.ts'
import { createConnectionUpdateParser } from '../support/connection-update.ts'

const parseStrict = createConnectionUpdateParser('strict')
const parseLegacy = createConnectionUpdateParser('legacy')
const runs = { numRuns: 1000 }

const text = (alphabet: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength, size: 'max' })

const name = fc.oneof(text('abcxyz019', 8), text('аґєіїклніукрйь', 6), text('abcABC', 4), text('日本語', 3))
const label = fc.oneof(
  { weight: 12, arbitrary: name },
  { weight: 3, arbitrary: name.map((written) => domainToASCII(`${written}.ua`).split('.')[0] ?? '') },
  { weight: 2, arbitrary: text('abс١१é-_éК', 5) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'xn--',
      'xn--a',
      'xn--abc-',
      'xn--n3h',
      'ﬁ',
      'ｅ',
      'İ',
      'ß',
      'ς',
      'שלום',
      'localhost',
      'localdomain',
      '%61',
      '*',
    ),
  },
)
const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(260).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('0x7f', '0177', '00', '0x', '2130706433', '1१', '１') },
)
const dot = fc.oneof(
  { weight: 60, arbitrary: fc.constant('.') },
  { weight: 1, arbitrary: fc.constantFrom('。', '．', '｡', '․', '..', '%2e', '\\', '@', ':') },
)
const dotted = (part: fc.Arbitrary<string>, maxLength: number) =>
  fc
    .array(fc.tuple(part, dot), { minLength: 2, maxLength, size: 'max' })
    .map((parts) => parts.map(([written, separator], i) => (i === 0 ? written : separator + written)).join(''))
const host = fc.oneof(
  { weight: 8, arbitrary: dotted(label, 5) },
  { weight: 2, arbitrary: dotted(number, 4) },
  { weight: 1, arbitrary: dotted(fc.oneof(label, number), 4) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
    ),
  },
)
const port = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 65_535 }).map((value) => `:${value}`) },
  { weight: 1, arbitrary: fc.constantFrom(':443', ':', ':0', ':080', ':65536', ':８', ':1@', ':1.a') },
)
const segment = fc.oneof(
  { weight: 8, arbitrary: text('abAB09-._~;=й', 5) },
  { weight: 2, arbitrary: fc.constantFrom('', '%20', '%D0%B9', '...', '.a', "it's", '(x)', '@', ':', '😀', '[', ']') },
  { weight: 1, arbitrary: fc.constantFrom('.', '..', '%2e', '.%2E', '%2f', '%5C..', '..%2fa', '%00', '%', '%c2%85') },
)
const path = fc
  .array(segment, { maxLength: 4, size: 'max' })
  .map((segments) => segments.map((written) => `/${written}`).join(''))
const query = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  fc.array(segment, { maxLength: 3 }).map((words) => `?${words.join('/')}`),
)
/** Now and then one odd character anywhere, or none. */
const slip = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(...'@#\\:/?[]%.\t\n \u{ad}\u{200b}\u{202e}\u{d800}。／＠⁄') },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)) },
)
/** URIs that are right or nearly so: about half of them pass. */
const uri = fc.tuple(host, port, path, query, slip, fc.nat()).map(([...parts]) => {
  const [hostPart, portPart, pathPart, queryPart, odd, position] = parts
  const value = `https://${hostPart}${portPart}${pathPart}${queryPart}`
  const at = 'https://'.length + (position % (value.length - 'https://'.length + 1))
  return value.slice(0, at) + odd + value.slice(at)
})
/** Any sequence of UTF-16 code units, lone surrogates too. */
const codeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units))
const anyText = fc.oneof(
  uri,
  codeUnits,
  codeUnits.map((units) => `https://${units}`),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
)
const anyValue = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
})

/** Checks a property of the URIs that strict accepts, and that there were enough of them to mean something. */
function holdsForAccepted(check: (value: string) => void): void {
  let accepted = 0
  fc.assert(
    fc.property(uri, (value) => {
      if (!parseStrict({ redirect_uri: value }).ok) return
      accepted++
      check(value)
    }),
    runs,
  )
  expect(accepted).toBeGreaterThan(200)
}

/** The naive reader: no library, no repair. */
function readNaively(value: string) {
  const rest = value.slice('https://'.length)
  const authority = rest.split(/[/?]/)[0] ?? ''
  const [writtenHost = '', writtenPort = ''] = authority.split(':')
  const pathAndQuery = rest.slice(authority.length)
  const writtenPath = pathAndQuery.split('?')[0] ?? ''
  return { writtenHost, writtenPort, writtenPath, writtenQuery: pathAndQuery.slice(writtenPath.length) }
}

const asciiLowerCase = (written: string) => written.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
const percentEncoded = (written: string) => written.replace(/[^\x21-\x7e]/gu, encodeURIComponent)

describe('what strict accepts means the same to a browser as to a naive reader', () => {
  test('a browser finds the written host, but for ASCII case and IDN', () => {
    holdsForAccepted((value) => {
      const { writtenHost } = readNaively(value)
      const { hostname } = new URL(value)
      expect(hostname).toBe(domainToASCII(writtenHost))
      const readBack = domainToUnicode(hostname).split('.')
      const labels = asciiLowerCase(writtenHost).split('.')
      expect(labels).toHaveLength(readBack.length)
      for (const [i, written] of labels.entries()) expect([readBack[i], hostname.split('.')[i]]).toContain(written)
    })
  })

  test('a browser finds https, and no user, password or fragment', () => {
    holdsForAccepted((value) => {
      const { protocol, username, password, hash } = new URL(value)
      expect({ protocol, username, password, hash }).toEqual({
        protocol: 'https:',
        username: '',
        password: '',
        hash: '',
      })
      expect(value).not.toContain('#')
    })
  })

  test('a browser finds the written port', () => {
    holdsForAccepted((value) => {
      const { writtenPort } = readNaively(value)
      expect(new URL(value).port).toBe(writtenPort === '443' ? '' : writtenPort)
    })
  })

  test('a browser finds the written path and query, but for percent-encoding outside of ASCII', () => {
    holdsForAccepted((value) => {
      const { writtenPath, writtenQuery } = readNaively(value)
      const { pathname, search } = new URL(value)
      expect(pathname).toBe(percentEncoded(writtenPath) || '/')
      expect(search).toBe(writtenQuery === '?' ? '' : percentEncoded(writtenQuery).replaceAll("'", '%27'))
    })
  })

  test('the path still has no dot segment after one decoding', () => {
    holdsForAccepted((value) => {
      const decoded = readNaively(value)
        .writtenPath.replace(/%2e/gi, '.')
        .replace(/%2f|%5c/gi, '/')
      expect(decoded.split('/')).not.toContain('..')
    })
  })

  test('the spelling of a browser is accepted, too', () => {
    holdsForAccepted((value) => {
      const { href } = new URL(value)
      expect(redirectUriFaults(href)).toEqual([])
    })
  })
})

describe('one mistake in a good value is always found', () => {
  const good = uri.filter((value) => redirectUriFaults(value).length === 0)
  const reasonsOf = (value: string) => redirectUriFaults(value).map(({ params }) => params.reason)
  const insertedAt = (value: string, position: number, odd: string) => {
    const at = 'https://'.length + (position % (value.length - 'https://'.length + 1))
    return value.slice(0, at) + odd + value.slice(at)
  }

  test.each([
    ['fragment', '#'],
    ['character', '\\'],
    ['character', '\n'],
    ['character', ' '],
    ['character', '\u{202e}'],
    ['character', '\u{200b}'],
    ['percent_encoding', '%g'],
    ['percent_encoding', '%0A'],
  ])('%s, wherever it is', (reason, odd) => {
    fc.assert(
      fc.property(good, fc.nat(), (value, position) => {
        expect(reasonsOf(insertedAt(value, position, odd))).toContain(reason)
      }),
      { numRuns: 100 },
    )
  })

  test('user info before any host is found', () => {
    fc.assert(
      fc.property(good, text('ab:.-%', 5), (value, user) => {
        expect(reasonsOf(value.replace('https://', `https://${user}@`))).toContain('user_info')
      }),
      { numRuns: 200 },
    )
  })
})

describe('the parser', () => {
  test.each([
    ['strict', parseStrict],
    ['legacy', parseLegacy],
  ])('%s never throws, whatever the document is', (_, parse) => {
    const document = fc.oneof(
      anyValue,
      fc.jsonValue(),
      anyText,
      anyValue.map((value) => ({ redirect_uri: value })),
    )
    fc.assert(
      fc.property(document, (value) => {
        const result = parse(value)
        expect(result.ok || result.violations.length > 0).toBe(true)
      }),
      runs,
    )
  })

  test.each([
    ['strict', parseStrict],
    ['legacy', parseLegacy],
  ])('%s answers every text: the very same one, or at least one violation', (_, parse) => {
    fc.assert(
      fc.property(anyText, fc.dictionary(fc.string(), anyValue), (value, others) => {
        const result = parse({ ...others, redirect_uri: value })
        if (result.ok) expect(result).toEqual({ ok: true, value: { redirectUri: value } })
        else expect(result.violations.length).toBeGreaterThan(0)
      }),
      runs,
    )
  })

  test('strict refuses every value that legacy refuses, and reports each of its violations', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyText.map((value) => value.repeat(9)),
          anyText.map((value) => value.slice(1)),
        ),
        (value) => {
          const strict = parseStrict({ redirect_uri: value })
          const legacy = parseLegacy({ redirect_uri: value })
          if (strict.ok) expect(legacy).toEqual(strict)
          else if (!legacy.ok) {
            // Strict names the character; legacy only says that there is one.
            const kinds = ({ violations }: typeof strict) =>
              violations.map(({ rule, params: { character: _, ...params } }) => ({ rule, params }))
            expect(kinds(strict)).toEqual(expect.arrayContaining(kinds(legacy)))
          }
        },
      ),
      runs,
    )
  })

  test('the parser reports no rule twice, and quotes at most a code point of the value', () => {
    const secret = 'q7zq7z'
    fc.assert(
      fc.property(anyText, fc.nat(), (value, position) => {
        const descriptions = redirectUriFaults(insert(value, position, secret)).map(describeViolation)
        expect(new Set(descriptions).size).toBe(descriptions.length)
        expect(descriptions.join()).not.toContain(secret)
      }),
      runs,
    )
  })
})

function insert(value: string, position: number, odd: string): string {
  const at = position % (value.length + 1)
  return value.slice(0, at) + odd + value.slice(at)
}

describe('the parts of a host', () => {
  test('the parts of a host are those of UTS 46, also for plain names', () => {
    const split = (host: string) => (host === '' ? [] : host.split('.'))
    const asciiName = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'abcxyz019-.'), minLength: 1, maxLength: 80 }),
      fc
        .array(
          fc.constantFrom(
            'a',
            '-',
            '0x',
            '0x1f',
            '127',
            '1e3',
            'xn--',
            'xn--a',
            'xn--80ak6aa92e',
            'ab--c',
            '',
            'x'.repeat(64),
            'ua',
          ),
        )
        .map((labels) => labels.join('.')),
    )
    fc.assert(
      fc.property(asciiName, (host) => {
        const unicode = domainToUnicode(host)
        expect(partsOf(`https://${host}/`)).toMatchObject({
          labels: split(host),
          unicode: split(unicode),
          ascii: split(domainToASCII(unicode)),
        })
      }),
      { numRuns: 20_000 },
    )
  })
})
