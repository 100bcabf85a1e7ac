/**
 * Steps that go wrong with some client, until the gateway is mended. The test fails as soon as such a step goes
 * right with every client: remove the mark then.
 */
export const awaited: readonly string[] = ['head', 'slash', 'upper', 'no_token']
