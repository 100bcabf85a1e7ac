/// <reference path="./punycode.d.ts" />
import { decode } from 'punycode/punycode.es6.js'

// The domain's rules import these two functions from `node:url`. A browser has no such module, so Vite puts this file
// in its place. `test/console/host-names.test.ts` compares both.

/** The host in A-label form. Empty: UTS 46 cannot map it. */
export function domainToASCII(host: string): string {
  try {
    return new URL(`ws://${host}`).hostname
  } catch {
    return ''
  }
}

/** The host in U-label form. A label that does not decode stays as it is. Empty: UTS 46 cannot map the host. */
export function domainToUnicode(host: string): string {
  return domainToASCII(host).split('.').map(unicodeLabel).join('.')
}

function unicodeLabel(label: string): string {
  if (!label.startsWith('xn--')) return label
  try {
    const decoded = decode(label.slice('xn--'.length))
    return domainToASCII(decoded) === label ? decoded : label
  } catch {
    return label
  }
}
