import { domainToASCII } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redirectUriFaults } from '../../src/domain/redirect-uri-rules.ts'
import {
  describeWarning,
  type RedirectUriWarning,
  redirectUriWarnings,
} from '../../src/domain/redirect-uri-warnings.ts'

/** A warning with its sentence. */
type ShownWarning = Pick<RedirectUriWarning, 'reason' | 'aLabel'> & { readonly description: string }

const shown = (value: string, stored: string): ShownWarning[] =>
  redirectUriWarnings(value, stored).map((warning) => ({
    reason: warning.reason,
    description: describeWarning(warning),
    aLabel: warning.aLabel,
  }))

/** Each sentence under its reason. `idn` and `mixes` say more: the A-label, and the alphabets. */
const sentences = {
  host_changed: 'host is not the stored one: sign-in would return to another server',
  path_changed: 'path is not the stored one',
  query_changed: 'query is not the stored one',
  port_given: 'a port is given: the consumer has to name it too, in every request',
  ip_host: 'host is an address, not a name: certificates are rarely made for one',
  several_values: 'the value seems to hold several addresses: one connection has one redirect URI',
  answer_parameters: 'query has a parameter of the answer to sign-in: the value seems to be copied from a browser',
  empty_query: 'query is empty: the question mark is part of the value, and the consumer has to send it too',
  stored_http: 'the stored value begins with http: and could not be brought back',
} as const

type Expected =
  | keyof typeof sentences
  | `idn ${string}`
  | 'idn'
  | `mixes ${string}`
  | 'mixes what has no name'
  | 'looks Latin'
type Case = readonly [name: string, value: string, stored: string, ...expected: Expected[]]

function warning(expected: Expected): ShownWarning {
  if (expected === 'idn' || expected.startsWith('idn '))
    return {
      reason: 'internationalized_host',
      description: 'host has characters beyond ASCII: compare the form that the DNS knows letter by letter',
      aLabel: expected === 'idn' ? null : expected.slice('idn '.length),
    }
  if (expected === 'looks Latin')
    return {
      reason: 'mixed_alphabets',
      description: 'a label of the host is in Cyrillic letters that all look like Latin ones',
      aLabel: null,
    }
  if (expected.startsWith('mixes ')) {
    const what = expected.slice('mixes '.length)
    const description = `a label of the host mixes alphabets: ${what === 'what has no name' ? 'letters of one may pass for letters of the other' : what}`
    return { reason: 'mixed_alphabets', description, aLabel: null }
  }
  const reason = expected as keyof typeof sentences // The type Expected leaves nothing else.
  return { reason, description: sentences[reason], aLabel: null }
}

const site = 'https://mis.example.ua'
const page = `${site}/callback?x=1`

const changes: readonly Case[] = [
  ['the stored value again', page, page],
  ['a host alone, again', site, site],
  ['another host', 'https://mis.example.com/callback?x=1', page, 'host_changed'],
  ['a subdomain', 'https://new.mis.example.ua/callback?x=1', page, 'host_changed'],
  ['the stored host as part of another', 'https://mis.example.ua.attacker.example/callback?x=1', page, 'host_changed'],
  ['the host in upper case', 'https://MIS.Example.UA/callback?x=1', page],
  ['the stored host in upper case', page, 'https://MIS.EXAMPLE.UA/callback?x=1'],
  ['another path', `${site}/other?x=1`, page, 'path_changed'],
  ['the path in upper case', `${site}/Callback?x=1`, page, 'path_changed'],
  ['a slash more', `${site}/callback/?x=1`, page, 'path_changed'],
  ['a slash where nothing was', `${site}/`, site, 'path_changed'],
  ['nothing where a slash was', site, `${site}/`, 'path_changed'],
  ['a letter percent-encoded', `${site}/%63allback?x=1`, page, 'path_changed'],
  ['another query', `${site}/callback?x=2`, page, 'query_changed'],
  ['no query', `${site}/callback`, page, 'query_changed'],
  ['an empty query where none was', `${site}/callback?`, `${site}/callback`, 'query_changed', 'empty_query'],
  ['an empty query again', `${site}/callback?`, `${site}/callback?`, 'empty_query'],
  ['two addresses, by a comma', `${page},https://b.example.ua/cb`, `${page},https://b.example.ua/cb`, 'several_values'],
  [
    'two addresses, by a semicolon',
    `${site}/cb;https://b.example.ua/cb`,
    `${site}/cb`,
    'path_changed',
    'several_values',
  ],
  [
    'two addresses, the second of http',
    `${site}/cb,http://b.example.ua`,
    `${site}/cb`,
    'path_changed',
    'several_values',
  ],
  ['an address in the query', `${site}/cb?next=https://b.example.ua`, `${site}/cb?next=https://b.example.ua`],
  ['the answer to sign-in', `${site}/cb?code=abc&state=1`, `${site}/cb`, 'query_changed', 'answer_parameters'],
  [
    'the error of a sign-in',
    `${site}/cb?a=1&error=access_denied`,
    `${site}/cb?a=1&error=access_denied`,
    'answer_parameters',
  ],
  ['a parameter that ends like one of the answer', `${site}/cb?barcode=1&mystate=2`, `${site}/cb?barcode=1&mystate=2`],
  ['a second question mark', `${site}/callback?x=1?`, page, 'query_changed'],
  ['path and query', `${site}/other`, page, 'path_changed', 'query_changed'],
  ['everything', 'https://other.example/other', page, 'host_changed', 'path_changed', 'query_changed'],
]

const ports: readonly Case[] = [
  ['a port', 'https://mis.example.ua:8443/callback?x=1', page, 'port_given'],
  ['the default port, written out', 'https://mis.example.ua:443/callback?x=1', page, 'port_given'],
  ['the stored port again', 'https://mis.example.ua:8443', 'https://mis.example.ua:8443', 'port_given'],
  ['the stored port left out', page, 'https://mis.example.ua:8443/callback?x=1'],
  ['another host and a port', 'https://b.example.ua:8443', 'https://a.example.ua', 'host_changed', 'port_given'],
  ['a colon in path and query', `${site}/a:1?b:2`, `${site}/a:1?b:2`],
]

const addresses: readonly Case[] = [
  ['an IPv4 address', 'https://203.0.113.7', site, 'host_changed', 'ip_host'],
  ['the stored IPv4 address', 'https://203.0.113.7', 'https://203.0.113.7', 'ip_host'],
  ['a private IPv4 address with a port', 'https://10.0.0.1:8443', 'https://10.0.0.1', 'port_given', 'ip_host'],
  ['an IPv6 address (not valid)', 'https://[2001:db8::1]/', 'https://[2001:db8::1]/', 'ip_host'],
  ['an IPv6 address in other case', 'https://[2001:DB8::1]/', 'https://[2001:db8::1]/', 'ip_host'],
  ['an IPv6 address with a port', 'https://[2001:db8::1]:8443/', 'https://[2001:db8::1]/', 'port_given', 'ip_host'],
  ['another IPv6 address', 'https://[2001:db8::2]/', 'https://[2001:db8::1]/', 'host_changed', 'ip_host'],
  ['an address in short (not valid)', 'https://127.1', 'https://127.1', 'ip_host'],
  ['a name that begins with an address', 'https://203.0.113.7.example.ua', 'https://203.0.113.7.example.ua'],
]

const international: readonly Case[] = [
  ['U-labels', 'https://клініка.укр', site, 'host_changed', 'idn xn--80atadk3mb.xn--j1amh'],
  [
    'A-labels of the stored U-labels',
    'https://xn--80atadk3mb.xn--j1amh',
    'https://клініка.укр',
    'idn xn--80atadk3mb.xn--j1amh',
  ],
  [
    'U-labels of the stored A-labels',
    'https://клініка.укр',
    'https://XN--80ATADK3MB.xn--j1amh',
    'idn xn--80atadk3mb.xn--j1amh',
  ],
  ['one U-label', 'https://клініка.example.ua', 'https://клініка.example.ua', 'idn xn--80atadk3mb.example.ua'],
  ['an umlaut', 'https://müller.example', 'https://müller.example', 'idn xn--mller-kva.example'],
  [
    'a German sharp s',
    'https://straße.example',
    'https://strasse.example',
    'host_changed',
    'idn xn--strae-oqa.example',
  ],
  ['an A-label of nothing (not valid)', 'https://xn--a.example', 'https://xn--a.example', 'idn xn--a.example'],
  ['what UTS 46 cannot map (not valid)', 'https://a\u{fffd}.example', 'https://a\u{fffd}.example', 'idn'],
  ['letters beyond ASCII in the path', `${site}/клініка`, `${site}/клініка`],
  ['only the stored host has them', 'https://mis.example.ua', 'https://клініка.укр', 'host_changed'],
]

/** Hosts on their own, as value and as stored value. */
const hosts: readonly (readonly [name: string, host: string, ...expected: Expected[]])[] = [
  ['Latin', 'mis.example.ua'],
  ['Latin, digits, hyphen, underscore', 'mis-2_a.example.ua'],
  ['Cyrillic', 'поліклініка.укр'],
  ['Cyrillic, digits, hyphen, underscore', 'клініка-2_а.укр'],
  ['Ukrainian ґ, є, ї', 'ґанок-єдність-їжак.укр'],
  ['Greek', 'γιατρός.example'],
  ['Latin and Cyrillic labels, each of one alphabet', 'mis.клініка.example.ua'],
  ['a Cyrillic а in a Latin label', 'mis.exаmple.ua', 'mixes Cyrillic, Latin'],
  ['a Latin i in a Cyrillic label', 'клiніка.укр', 'mixes Cyrillic, Latin'],
  ['the same as an A-label', domainToASCII('клiніка.укр'), 'mixes Cyrillic, Latin'],
  ['a Greek ο in a Latin label', 'gοogle.example', 'mixes Greek, Latin'],
  ['a Greek ο in a Cyrillic label', 'клінοка.укр', 'mixes Cyrillic, Greek'],
  ['three alphabets', 'aжω.example', 'mixes Cyrillic, Greek, Latin'],
  ['an Armenian օ in a Latin label', 'gօogle.example', 'mixes Armenian, Latin'],
  ['a Cherokee letter in a Latin label', 'ꭰpple.example', 'mixes Cherokee, Latin'],
  ['two alphabets in the second label only', 'mis.клiніка.укр', 'mixes Cyrillic, Latin'],
  ['two alphabets in two labels: the first is named', 'gοogle.клiніка.укр', 'mixes Greek, Latin'],
  ['a Bengali digit that looks like an 8', 'goog৪.example', 'mixes Bengali, Latin'],
  ['a kana length mark that looks like a dash', 'aーb.example', 'mixes what has no name'],
  ['a combining accent over a Cyrillic letter', 'а́б.укр'],
  ['a combining accent over a Latin letter', 'x́a.example'],
  ['Japanese: Han, Hiragana, Katakana', '日本ひらカタ.example'],
  ['Japanese with a length mark', 'サーバー日本.example'],
  ['Chinese', '医院.example'],
  ['Chinese: Han and Bopomofo', '医ㄅㄆ.example'],
  ['Korean: Hangul', '병원.example'],
  ['Korean: Han and Hangul', '病院병원.example'],
  ['Japanese and Hangul', 'ひら병원.example', 'mixes Hangul, Hiragana'],
  ['Bopomofo and Hiragana', '医ㄅひ.example', 'mixes Bopomofo, Han, Hiragana'],
  ['Latin and Han', 'abc医院.example', 'mixes Han, Latin'],
  ['Hindi with its digits', 'अस्पताल१.example'],
  ['Georgian', 'კლინიკა.example'],
  ['Hebrew', 'מרפאה.example'],
  ['Arabic with its digits', 'مستشفى١.example'],
  ['an alphabet of the past', '𐌰𐌱𐌲.example'],
  ['an alphabet of the past and Latin', '𐌰bc.example', 'mixes what has no name'],
  ['Cyrillic that looks like "apple"', 'аррӏе.com', 'looks Latin'],
  ['the same as an A-label', domainToASCII('аррӏе.com'), 'looks Latin'],
  ['with a digit and a hyphen', 'хох-2.com.ua', 'looks Latin'],
  ['a Ukrainian word of such letters under .ua', 'рух.com.ua', 'looks Latin'],
  ['the same under .укр', 'рух.укр'],
  ['Cyrillic with one letter that gives it away', 'рухи.com.ua'],
  ['Latin that looks like Cyrillic', 'cop.com.ua'],
]

const old: readonly Case[] = [
  ['an old row', page, 'http://mis.example.ua/callback?x=1', 'stored_http'],
  ['an old row in upper case', page, 'HTTP://mis.example.ua/callback?x=1', 'stored_http'],
  ['an old row of another host', site, 'http://old.example.ua', 'host_changed', 'stored_http'],
  ['an old row with a port', site, 'http://mis.example.ua:8080', 'stored_http'],
  ['an old row of http: alone', site, 'http:', 'host_changed', 'stored_http'],
  ['an old row that is not http', site, 'httpx://mis.example.ua'],
]

const unreadable: readonly Case[] = [
  ['an empty value', '', site],
  ['no scheme', 'mis.example.ua', site],
  ['no scheme, before an old row', 'mis.example.ua', 'http://mis.example.ua', 'stored_http'],
  ['a stored value without a scheme', site, 'mis.example.ua', 'host_changed'],
  ['an empty stored value', site, '', 'host_changed'],
  ['both without a scheme', 'a', 'b'],
  ['user information: the host is what follows it', 'https://mis.example.ua@attacker.example', site, 'host_changed'],
  ['a fragment is no part of the query', `${page}#top`, page],
  ['an empty host', 'https:///callback?x=1', page, 'host_changed'],
  ['a lone surrogate', 'https://a\ud800.example', 'https://a\ud800.example', 'idn', 'mixes what has no name'],
]

describe.each<[string, readonly Case[]]>([
  ['what changed', changes],
  ['ports', ports],
  ['addresses', addresses],
  ['internationalized hosts', international],
  ['old rows', old],
  ['what cannot be taken apart, or is not valid', unreadable],
])('%s', (_, cases) => {
  test.each(cases.map(([name, ...rest]) => ({ name, rest })))('$name', ({ rest: [value, stored, ...expected] }) => {
    expect(shown(value, stored)).toEqual(expected.map(warning))
  })
})

describe('alphabets', () => {
  test.each(hosts.map(([name, host, ...expected]) => ({ name, host, expected })))('$name', ({ host, expected }) => {
    const ascii = domainToASCII(host)
    const idn: Expected[] = ascii === host && !ascii.includes('xn--') ? [] : [`idn ${ascii}`]
    expect(shown(`https://${host}/a`, `https://${host}/a`)).toEqual([...idn, ...expected].map(warning))
  })
})

describe('any two values', () => {
  const runs = { numRuns: 2_000 }
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 30 }).map((rest) => `https://${rest}`),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
  )

  test('a plain https value in ASCII without port and query, stored already, has no warning', () => {
    const plain = fc
      .webUrl({ validSchemes: ['https'] })
      .filter((value) => redirectUriFaults(value).length === 0 && !/^https:\/\/[^/?]*(?::|xn--)/i.test(value))
    fc.assert(
      fc.property(plain, (value) => {
        expect(redirectUriWarnings(value, value)).toEqual([])
      }),
      runs,
    )
  })

  test('nothing is thrown, no reason comes twice, and no sentence repeats the value', () => {
    fc.assert(
      fc.property(anything, anything, (value, stored) => {
        const warnings = shown(value, stored)
        const reasons = warnings.map(({ reason }) => reason)
        expect(new Set(reasons).size).toBe(reasons.length)
        for (const { reason, description, aLabel } of warnings) {
          expect(description.length).toBeLessThan(160)
          if (reason !== 'internationalized_host') expect(aLabel).toBeNull()
        }
      }),
      runs,
    )
  })

  test('a host that only one of two values has gives a warning in both directions', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.webUrl(), (one, other) => {
        const changed = (value: string, stored: string) =>
          redirectUriWarnings(value, stored).some(({ reason }) => reason === 'host_changed')
        expect(changed(one, other)).toBe(new URL(one).hostname !== new URL(other).hostname)
        expect(changed(other, one)).toBe(changed(one, other))
      }),
      runs,
    )
  })

  test('long values are judged in a short time', () => {
    const value = `https://${'а'.repeat(1_000)}b.${'x.'.repeat(500)}`
    const before = process.cpuUsage()
    redirectUriWarnings(value, `${value}y`)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000).toBeLessThan(600)
  })
})
