import * as node from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as browser from '../../src/console/uri/host-names.ts'

// The rules of redirect URIs import both functions from `node:url`. In a browser our own file takes its place.

const namesOf = (host: string, { domainToASCII, domainToUnicode }: typeof browser) => ({
  host,
  ascii: domainToASCII(host),
  unicode: domainToUnicode(host),
})

function expectTheSame(host: string): void {
  expect(namesOf(host, browser)).toEqual(namesOf(host, node))
}

describe('the browser reads a host as Node does:', () => {
  test.each([
    ...['example.ua', 'клініка.укр', 'xn--80apgbe6d.xn--j1amh', 'xn--a', 'xn--a.example', 'аррӏе.com', 'faß.de'],
    ...['ﬁ.example', 'ｅxample.com', 'КЛІНІКА.УКР', 'a..b', 'a.b.', '-a.example', 'a_b.example', '127.1', '0x7f.1'],
    ...['1.2.3.4', 'exa mple.ua', 'a%41.ua', 'a\u00adb.ua', 'a\u200bb.ua', '日本語.jp', 'xn--', 'xn--80ak6aa92e.com'],
  ])('%s', expectTheSame)

  test('any labels of letters, digits and hyphens', () => {
    const letters = fc.constantFrom(...'abcxn-019абвґєіїяöß日本ñ֊ʹ٠۰ａＡ')
    const label = fc.string({ unit: letters, minLength: 1, maxLength: 12 })
    const hosts = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
    fc.assert(fc.property(hosts, expectTheSame), { numRuns: 2_000 })
  })

  // An A-label that is not the one of its U-label is kept as it is here, and decoded by Node. The rules refuse both.
  const validNameOf = (host: string, { domainToASCII, domainToUnicode }: typeof browser) => {
    const unicode = domainToUnicode(host)
    return domainToASCII(unicode) === host && !unicode.startsWith('xn--') ? unicode : null
  }

  test('an A-label is valid for both or for neither', () => {
    const label = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'), maxLength: 12 })
    const hosts = label.map((text) => `xn--${text}.example`)
    const decoded = new Set<string | null>()
    const isTheSame = (host: string) => {
      decoded.add(validNameOf(host, node))
      expect([host, validNameOf(host, browser)]).toEqual([host, validNameOf(host, node)])
    }
    fc.assert(fc.property(hosts, isTheSame), { numRuns: 4_000 })
    expect(decoded.size).toBeGreaterThan(20)
  })
})
