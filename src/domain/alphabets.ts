// The scripts in use today (UAX 31, tables 5 and 7). All other letters together count as one more alphabet.
const scripts = `
  Adlam Arabic Armenian Balinese Bamum Batak Bengali Bopomofo Canadian_Aboriginal Chakma Cham Cherokee Cyrillic
  Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hanifi_Rohingya Hebrew Hiragana Javanese Kannada
  Katakana Kayah_Li Khmer Lao Latin Lepcha Limbu Lisu Malayalam Mandaic Meetei_Mayek Miao Myanmar New_Tai_Lue Newa Nko
  Nyiakeng_Puachue_Hmong Ol_Chiki Oriya Osage Saurashtra Sinhala Sundanese Syloti_Nagri Syriac Tai_Le Tai_Tham Tai_Viet
  Tamil Telugu Thaana Thai Tibetan Tifinagh Vai Wancho Yi`
  .trim()
  .split(/\s+/)

/** Alphabets that one language writes together (UTS 39 §5.1). */
const combinations = [
  ['Han', 'Hiragana', 'Katakana'],
  ['Han', 'Hangul'],
  ['Han', 'Bopomofo'],
]

// A mark may follow any letter. Other characters are judged by Script_Extensions: U+30FC is Common by script, but only
// Japanese uses it.
const neutral = String.raw`\p{Script_Extensions=Common}\p{Script=Inherited}`
const named = (properties: readonly string[], property: string) =>
  properties.map((script) => `\\p{${property}=${script}}`).join('')
const writtenIn = (...together: string[]) => new RegExp(`^[${neutral}${named(together, 'Script_Extensions')}]*$`, 'u')

const pure = [...scripts.map((script) => writtenIn(script)), ...combinations.map((together) => writtenIn(...together))]
const ofNone = new RegExp(`^(?:[${neutral}]|[^${named(scripts, 'Script_Extensions')}])*$`, 'u')
const lettersOf = scripts.map((script) => [script, new RegExp(`\\p{Script=${script}}`, 'u')] as const)

/** Cyrillic letters that are drawn like Latin ones (a c d e h i j l o p q s v w x y). */
const looksLatin = /^[0-9_-]*[асԁеһіјӏорԛѕѵԝху][асԁеһіјӏорԛѕѵԝху0-9_-]*$/
const cyrillic = /\p{Script=Cyrillic}/u

/** A fault of the alphabets of a host: the id of its sentence in `redirect-uri-warnings.ts` and the parameters. */
export type AlphabetFault =
  | { readonly id: 'mixed_alphabets'; readonly params: { readonly scripts: string } }
  | { readonly id: 'mixed_alphabets_unnamed' | 'looks_latin'; readonly params: Readonly<Record<string, never>> }

/** The first label that mixes alphabets, or else a label whose letters only look Latin. null: no label does. */
export function alphabetFault(labels: readonly string[]): AlphabetFault | null {
  const mixed = labels.find((label) => ![...pure, ofNone].some((pattern) => pattern.test(label)))
  if (mixed !== undefined) {
    const found = lettersOf.flatMap(([script, letter]) => (letter.test(mixed) ? [script.replaceAll('_', ' ')] : []))
    return found.length > 1
      ? { id: 'mixed_alphabets', params: { scripts: found.join(', ') } }
      : { id: 'mixed_alphabets_unnamed', params: {} }
  }
  // Under a Cyrillic top-level domain a reader expects Cyrillic: `рух.укр` is a word, `аррӏе.com` imitates another
  // name.
  if (cyrillic.test(labels.at(-1) ?? '') || !labels.some((label) => looksLatin.test(label))) return null
  return { id: 'looks_latin', params: {} }
}
