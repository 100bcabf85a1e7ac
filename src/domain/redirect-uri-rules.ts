import { endsInNumber, type RedirectUriParts as Parts, partsOf } from './redirect-uri-parts.ts'
import type { ViolationId } from './violation-texts.ts'

/** One broken rule. Its sentence (`violation-texts.ts`) names the rule and never repeats the value. */
export interface RedirectUriFault {
  readonly id: ViolationId
  readonly params: {
    /** A stable word for a group of rules. */
    readonly reason: Reason
    /** The first code point that breaks the rule, for example `U+00A0`. */
    readonly character?: string
  }
}

type Reason = 'fragment' | 'user_info' | 'host' | 'port' | 'character' | 'percent_encoding' | 'dot_segment'

/**
 * Every strict rule (`docs/contract.md`, "Redirect URIs", rules 2 to 5) that a redirect URI breaks. The result has the
 * order of the tables below.
 *
 * The function never rewrites the value, because the authorization server compares strings (RFC 6749 §3.1.2.3). So an
 * accepted value must mean the same to every reader. `redirect-uri-parser.ts` has rule 1 (length, `https://`). A value
 * without `scheme://` has no authority, so only the rules for text apply. Pure, never throws. The caller checks the
 * length first.
 */
export function redirectUriFaults(value: string): readonly RedirectUriFault[] {
  const parts = partsOf(value)
  return [...faultsOf(textRules, value), ...(parts === null ? [] : faultsOf(partRules, parts))]
}

/** A rule: its id, its reason, and its test. If the test returns a text, the violation names its first code point. */
type Rule<Subject> = readonly [ViolationId, Reason, isBroken: (of: Subject) => boolean | string | undefined]

// `\p{Cf}` holds every bidirectional control. No pattern has both flags `i` and `u`: with both, `[a-z]` matches U+212A
// and U+017F. U+2800 is a Braille cell without dots: it looks blank, but is no white space in Unicode.
export const unseen =
  /[\p{Cc}\p{White_Space}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\p{Noncharacter_Code_Point}\p{Cs}]/u
const delimiter = /[\\<>"`{}|^*]/
const foreignToHosts = /[^\p{L}\p{M}\p{Nd}_-]/u
const encodedControl = /%(?:[01][0-9a-f]|7f|c2%[89][0-9a-f])/i
const dotSegment = /\/(?:\.|%2e){1,2}(?=\/|$)/i
const dotSegmentWithParameters = /\/(?:\.|%2e){1,2}(?:;|%3b)/i
const encodedSlash = /%(?:2f|5c)/i
const twoDots = /(?:\.|%2e){2}/i
const specialAddress = /^(?:0|127|169\.254|22[4-9]|2[3-5]\d)\./
const localhost = /(?:^|\.)localhost(?:\.localdomain)?$/

const textRules: readonly Rule<string>[] = [
  // An invisible or reordering character makes a value look like another (UTS 36 §2). A lone surrogate has no UTF-8.
  // Private-use and unassigned code points pass, because an answer must not depend on the Unicode version.
  ['invisible_character', 'character', first(unseen)],
  // RFC 3986 §2 allows only `*` of these, and readers may take it for a wildcard (RFC 9700 §4.1.1). Browsers read `\`
  // as `/`.
  ['delimiter', 'character', first(delimiter)],
  // RFC 6749 §3.1.2: a redirect URI MUST NOT include a fragment component. An empty fragment is one, too.
  ['fragment', 'fragment', (value) => value.includes('#')],
  // RFC 3986 §2.1
  ['percent_digits', 'percent_encoding', (value) => /%(?![0-9a-f]{2})/i.test(value)],
  // NUL ends strings, and CR LF split headers (RFC 3986 §7.3). The C1 controls are C2 80 to C2 9F in UTF-8.
  ['percent_control', 'percent_encoding', (value) => encodedControl.test(value)],
  // RFC 3629 §3: lenient decoders read an overlong form as a dot, a slash or NUL.
  ['percent_utf8', 'percent_encoding', hasIllFormedOctets],
]

const partRules: readonly Rule<Parts>[] = [
  // RFC 9110 §4.2.4: `https://mis.example.ua@attacker.example` deceives its reader.
  ['user_info', 'user_info', ({ authority }) => authority.includes('@')],
  // RFC 3986 §3.2.3 allows an empty or zero-padded port, which is a second spelling of the same port.
  ['port', 'port', ({ port }) => port !== undefined && !isPort(port)],

  // RFC 9110 §4.2.2: browsers read `a` in `https:///a/b` as the host.
  ['host_empty', 'host', ({ host }) => host === ''],
  // The contract allows names and dotted quads only. An IPv6 address has many spellings.
  ['host_brackets', 'host', ({ host }) => host.startsWith('[')],
  // A subset of RFC 5892, also for the name that an A-label encodes. Some readers decode a `%` in a host.
  ['host_character', 'host', foreignCharacter],
  // `example.ua.` is the same server as `example.ua`, but another string and another origin.
  ['host_empty_label', 'host', ({ labels }) => labels.includes('')],
  // The search list of the resolver decides which server a name with one label means.
  ['host_one_label', 'host', ({ labels }) => labels.length > 0 && labels.filter(Boolean).length < 2],
  // RFC 1035 §2.3.4 limits the form that a resolver sends to the DNS.
  ['host_length', 'host', ({ ascii }) => isTooLong(ascii)],
  // RFC 1123 §2.1, RFC 5891 §4.2.3.1
  ['host_hyphen', 'host', ({ labels, unicode }) => [...labels, ...unicode].some(hasOuterHyphen)],
  // UTS 46 §4: a browser maps the host to another one (U+FB01, U+FF45, upper-case Cyrillic) or cannot map it at all.
  ['host_form', 'host', (parts) => !isInOwnForm(parts)],
  // WHATWG URL §3.5 "ends in a number": `127.1` and `0x7f.1` are addresses to a browser and names to others.
  ['host_number', 'host', isOddAddress],
  // RFC 6890 §2.2.2: 0/8, 127/8, 169.254/16, 240/4. RFC 1112 §4: 224/4. Private networks pass: installations use them.
  ['host_special', 'host', isSpecialAddress],
  // RFC 6761 §6.3: `localhost` is the reader's own machine.
  ['host_localhost', 'host', ({ labels }) => localhost.test(labels.filter(Boolean).join('.'))],

  // RFC 3986 §5.2.4, and WHATWG URL for `%2e`: readers remove these segments. A comparison of strings does not.
  ['dot_segment', 'dot_segment', ({ path }) => dotSegment.test(path)],
  // Servlet containers remove `;…` from a segment before they remove dot segments.
  ['dot_segment_parameters', 'dot_segment', ({ path }) => dotSegmentWithParameters.test(path)],
  // A reader that decodes before it splits sees a dot segment.
  ['encoded_slash', 'dot_segment', ({ path }) => encodedSlash.test(path) && twoDots.test(path)],
]

/** Whether percent-encoded octets are no UTF-8: overlong, a surrogate, incomplete, or beyond U+10FFFF. */
function hasIllFormedOctets(value: string): boolean {
  return (value.match(/(?:%[0-9a-f]{2})+/gi) ?? []).some((octets) => {
    try {
      // The bundler of the console removes a call of this function whose result nobody reads.
      return decodeURIComponent(octets) === ''
    } catch {
      return true
    }
  })
}

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
 * Whether each label as written is its own U-label or A-label. An A-label must decode: Node returns `xn--a` unchanged
 * in both directions. Other rules judge IPv4 addresses and hosts with characters that no host may have.
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

function faultsOf<Subject>(rules: readonly Rule<Subject>[], subject: Subject): RedirectUriFault[] {
  const faults: RedirectUriFault[] = []
  for (const [id, reason, isBroken] of rules) {
    const found = isBroken(subject)
    if (found === undefined || found === false) continue
    faults.push({ id, params: found === true ? { reason } : { reason, character: nameOf(found) } })
  }
  return faults
}

function nameOf(character: string): string {
  return `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
}
