// Preloaded by tests: the program that follows sees another version of Node than the one that runs it.
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: process.env.SEEN_NODE_VERSION } })
