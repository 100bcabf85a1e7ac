// CommonJS and plain JavaScript: every Node can read this file, and a Node that cannot run the gateway can say so.
// Node 24 is the first one with `AsyncDisposableStack` and with TypeScript that needs no flag.
const least = 24

if (Number.parseInt(process.versions.node, 10) < least) {
  process.stderr.write(
    `The gateway needs Node ${least} or newer, and this is Node ${process.versions.node}. Install a newer Node. ` +
      'In a checkout, "npm ci && npm start" needs none: it starts the gateway with the Node of its packages.\n',
  )
  process.exit(1)
}
