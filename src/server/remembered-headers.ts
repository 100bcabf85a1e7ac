import { LRUCache } from 'lru-cache'

/** Programs send a handful of values. A longer header is parsed each time, so that strangers cannot fill the memory. */
const lengthAtMost = 300
const entriesAtMost = 200

/** Remembers what a header's text means. `parse` must depend on nothing but the text. */
export function rememberHeader<Meaning>(parse: (header: string) => Meaning): (header: string) => Meaning {
  const known = new LRUCache<string, { readonly meaning: Meaning }>({ max: entriesAtMost })
  return (header) => {
    if (header.length > lengthAtMost) return parse(header)
    const remembered = known.get(header)
    if (remembered !== undefined) return remembered.meaning
    const meaning = parse(header)
    known.set(header, { meaning })
    return meaning
  }
}
