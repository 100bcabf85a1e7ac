let count = 0

/** A redirect URI that no test has stored yet, on the host of the connection. A second try of a test changes it, too. */
export const newUri = (word: string): string => `https://borys.medsestra.example/${word}/${++count}/`
