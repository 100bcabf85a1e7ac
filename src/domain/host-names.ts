import { domainToASCII, domainToUnicode } from 'node:url'

/** Labels of letters, digits, hyphens, underscores and combining marks, in any script. */
const labels = /^[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)*$/u

/** Whether a text is the name of a host, or the last labels of one. It has neither scheme nor port nor path. */
export const isHostName = (text: string): boolean => text.length <= 253 && labels.test(text)

/**
 * The spellings of a host name that a stored redirect URI may have: A-labels, U-labels (UTS 46), and the given text.
 */
export function spellingsOf(hostName: string): readonly string[] {
  const unicode = domainToUnicode(hostName)
  const spellings = [hostName.toLowerCase(), unicode, domainToASCII(unicode)]
  return [...new Set(spellings.filter((spelling) => spelling !== ''))]
}
