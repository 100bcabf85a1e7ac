import { endsInNumber, type RedirectUriParts as Parts, partsOf } from './redirect-uri-parts.ts'

/**
 * One broken rule: a stable word for programs and a sentence for people, which names the rule and never repeats the
 * value.
 */
export interface RedirectUriFault {
  readonly reason: 'fragment' | 'user_info' | 'host' | 'port' | 'character' | 'percent_encoding' | 'dot_segment'
  readonly description: string
}

/**
 * Every strict rule (`docs/contract.md`, "Redirect URIs", rules 2 to 5) that a redirect URI breaks, in the order of the
 * tables below; empty if none.
 *
 * The value is read as it is written and never rewritten: the authorization server compares strings (RFC 6749
 * §3.1.2.3), so what is accepted must mean one thing to every reader. Rule 1 (length, `https://`) is the schema's. A
 * value without `scheme://` has no authority to judge, only text. Pure, never throws. Meant for short values: the
 * caller checks the length first.
 */
export function redirectUriFaults(value: string): readonly RedirectUriFault[] {
  const parts = partsOf(value)
  return [...faults(textRules, value), ...(parts === null ? [] : faults(partRules, parts))]
}

/**
 * A rule: its reason, its sentence, and what breaks it; a text stands for its first code point, which the sentence then
 * names.
 */
type Rule<Subject> = readonly [
  RedirectUriFault['reason'],
  description: string,
  broken: (of: Subject) => boolean | string | undefined,
]

// `\p{Cf}` holds every bidirectional control. Never both flags `i` and `u`: together they let `[a-z]` match U+212A and
// U+017F. U+2800 is a Braille cell without dots: no white space to Unicode, and a blank to everybody.
const unseen = /[\p{Cc}\p{White_Space}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\p{Noncharacter_Code_Point}\p{Cs}]/u
const delimiter = /[\\<>"`{}|^*]/
const foreignToHosts = /[^\p{L}\p{M}\p{Nd}_-]/u
const encodedControl = /%(?:[01][0-9a-f]|7f|c2%[89][0-9a-f])/i
const dotSegment = /\/(?:\.|%2e){1,2}(?=\/|$)/i
const encodedSlash = /%(?:2f|5c)/i
const twoDots = /(?:\.|%2e){2}/i
const specialAddress = /^(?:0|127|169\.254|22[4-9]|2[3-5]\d)\./
const localhost = /(?:^|\.)localhost(?:\.localdomain)?$/

const textRules: readonly Rule<string>[] = [
  // What is invisible or reorders makes a value look like another (UTS 36 §2); a lone surrogate has no UTF-8.
  // Private-use and unassigned code points pass: which are assigned changes with the Unicode version, and an answer
  // must not.
  [
    'character',
    'invisible characters (control, blank, format, bidirectional, ignorable) and ill-formed text are not allowed',
    first(unseen),
  ],
  // RFC 3986 §2 has none of them but `*`, which reads as a wildcard (RFC 9700 §4.1.1); browsers read `\` as `/`.
  ['character', 'none of the characters \\ < > " ` { } | ^ * is allowed', first(delimiter)],
  // RFC 6749 §3.1.2: MUST NOT include a fragment component, and an empty one is one.
  ['fragment', 'a fragment is not allowed, not even an empty one', (value) => value.includes('#')],
  // RFC 3986 §2.1.
  [
    'percent_encoding',
    'every % must be followed by two hexadecimal digits',
    (value) => /%(?![0-9a-f]{2})/i.test(value),
  ],
  // NUL ends strings, CR LF split headers (RFC 3986 §7.3); the C1 controls are C2 80 to C2 9F in UTF-8.
  ['percent_encoding', 'percent-encoded control characters are not allowed', (value) => encodedControl.test(value)],
]

const partRules: readonly Rule<Parts>[] = [
  // RFC 9110 §4.2.4: `https://mis.example.ua@attacker.example` is written to deceive.
  ['user_info', 'user information (anything before an @) is not allowed', ({ authority }) => authority.includes('@')],
  // RFC 3986 §3.2.3 would let it be empty or zero-padded: more spellings of one port.
  [
    'port',
    'port must be a number from 1 to 65535 without leading zeros',
    ({ port }) => port !== undefined && !isPort(port),
  ],

  // RFC 9110 §4.2.2; in `https:///a/b` browsers take `a` as the host.
  ['host', 'host must not be empty', ({ host }) => host === ''],
  // Names and dotted quads are all that the contract knows, and an IPv6 address has many spellings.
  ['host', 'host must not be an address in brackets', ({ host }) => host.startsWith('[')],
  // RFC 5892 in short, for what an A-label stands for, too. No `%`: whether it is decoded in a host depends on the
  // reader.
  ['host', 'host may hold letters, digits, hyphens, underscores and combining marks only', foreignCharacter],
  // `example.ua.` is the same server as `example.ua`, but another string and another origin.
  ['host', 'host must not have an empty label or a trailing dot', ({ labels }) => labels.includes('')],
  // What a bare name means depends on the search list of whoever asks.
  [
    'host',
    'host must have at least two labels',
    ({ labels }) => labels.length > 0 && labels.filter(Boolean).length < 2,
  ],
  // RFC 1035 §2.3.4, for the form that is sent to the DNS.
  [
    'host',
    'host must have at most 63 characters in each label and 253 in all, in ASCII form',
    ({ ascii }) => isTooLong(ascii),
  ],
  // RFC 1123 §2.1, RFC 5891 §4.2.3.1.
  [
    'host',
    'host labels must not begin or end with a hyphen',
    ({ labels, unicode }) => [...labels, ...unicode].some(hasOuterHyphen),
  ],
  // UTS 46 §4: what a browser maps to something else (U+FB01, U+FF45, upper-case Cyrillic) or cannot map at all.
  ['host', 'host must be in its UTS 46 form, each label a U-label or a valid A-label', (parts) => !isInOwnForm(parts)],
  // WHATWG URL §3.5 "ends in a number": `127.1` and `0x7f.1` are addresses to a browser and names to others.
  ['host', 'host that ends in a number must be four decimal numbers of 0 to 255 without leading zeros', isOddAddress],
  // RFC 6890 §2.2.2: 0/8, 127/8, 169.254/16, 240/4; RFC 1112 §4: 224/4. Private networks pass: installations are in
  // them.
  ['host', 'host must not be an unspecified, loopback, link-local, multicast or reserved address', isSpecialAddress],
  // RFC 6761 §6.3: the machine of whoever reads it.
  ['host', 'host must not be localhost', ({ labels }) => localhost.test(labels.filter(Boolean).join('.'))],

  // RFC 3986 §5.2.4, and WHATWG URL for `%2e`: readers remove these segments, a comparison of strings does not.
  ['dot_segment', 'path must not have a dot segment, plain or percent-encoded', ({ path }) => dotSegment.test(path)],
  // Who decodes before splitting sees a dot segment.
  [
    'dot_segment',
    'path must not have an encoded slash beside two dots',
    ({ path }) => encodedSlash.test(path) && twoDots.test(path),
  ],
]

function isPort(port: string): boolean {
  return /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535
}

function foreignCharacter({ labels, unicode }: Parts): string | undefined {
  return first(foreignToHosts)([...labels, ...unicode].join(''))
}

function isTooLong(ascii: readonly string[]): boolean {
  return ascii.join('.').length > 253 || ascii.some((label) => label.length > 63)
}

function hasOuterHyphen(label: string): boolean {
  return label.startsWith('-') || label.endsWith('-')
}

/**
 * Each label as written is its own U-label or A-label. An A-label must decode: Node passes `xn--a` through, in both
 * directions. Hosts with foreign characters and IPv4 addresses have no such form; they have rules of their own.
 */
function isInOwnForm(parts: Parts): boolean {
  const { labels, unicode, ascii } = parts
  if (endsInNumber(parts) || foreignCharacter(parts) !== undefined) return true
  return labels.every((label, i) => (label === unicode[i] || label === ascii[i]) && !unicode[i]?.startsWith('xn--'))
}

function isDottedQuad({ labels }: Parts): boolean {
  return labels.length === 4 && labels.every((label) => /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/.test(label))
}

function isOddAddress(parts: Parts): boolean {
  return endsInNumber(parts) && !isDottedQuad(parts)
}

function isSpecialAddress(parts: Parts): boolean {
  return isDottedQuad(parts) && specialAddress.test(parts.host)
}

function first(pattern: RegExp): (text: string) => string | undefined {
  return (text) => pattern.exec(text)?.[0]
}

function faults<Subject>(rules: readonly Rule<Subject>[], subject: Subject): RedirectUriFault[] {
  return rules.flatMap(([reason, description, broken]) => {
    const found = broken(subject)
    if (found === undefined || found === false) return []
    return [{ reason, description: found === true ? description : `${description}, found ${nameOf(found)}` }]
  })
}

function nameOf(character: string): string {
  return `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
}
