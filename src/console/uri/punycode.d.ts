declare module 'punycode/punycode.es6.js' {
  /** Decodes the part of an A-label behind `xn--`. @throws RangeError if it is no Punycode */
  export function decode(label: string): string
}
